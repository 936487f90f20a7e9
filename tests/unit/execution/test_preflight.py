"""What must hold before a plan is carried out."""

from datetime import timedelta

import msgspec
import pytest

from lastseen.execution.preflight import (
    check_age,
    check_plan,
    is_made_here,
    refuse_foreign,
)
from lastseen.model.decision import Verdict
from lastseen.model.errors import PlanRefused
from lastseen.model.guardrails import Guardrails
from lastseen.model.instant import Instant
from lastseen.model.plan import Plan
from lastseen.model.plan_document import sealed
from tests.unit.execution.fake_portal import URL, FakePortal
from tests.unit.execution.plans import know, plan_for


@pytest.fixture
def plan(portal: FakePortal) -> Plan:
    return plan_for(portal, [portal.add(1)])


def test_a_whole_plan_of_this_portal_passes(plan):
    check_plan(plan, portal_url=URL)


@pytest.mark.parametrize(
    "url", ["https://PORTAL.example", "https://portal.example/", "https://portal.example:443"]
)
def test_the_same_portal_is_reported_by_its_address_however_written(plan, url):
    check_plan(plan, portal_url=url)


@pytest.mark.parametrize(
    "url", ["https://other.example", "http://portal.example", "https://portal.example:8443"]
)
def test_another_portals_plan_is_refused(plan, url):
    with pytest.raises(PlanRefused, match="configured portal"):
        check_plan(plan, portal_url=url)


def test_an_edited_plan_is_refused(plan):
    edited = msgspec.structs.replace(plan, decisions=())
    with pytest.raises(PlanRefused, match="digest"):
        check_plan(edited, portal_url=URL)


def test_a_plan_of_another_version_is_refused(plan):
    newer = sealed(msgspec.structs.replace(plan, schema="lastseen.plan/2"))
    with pytest.raises(PlanRefused, match="plan/2"):
        check_plan(newer, portal_url=URL)


def test_a_pretended_plan_is_refused(plan):
    later = Instant(plan.now + timedelta(days=30))
    with pytest.raises(PlanRefused, match="--now"):
        check_plan(sealed(msgspec.structs.replace(plan, now=later)), portal_url=URL)


def test_a_plan_that_disables_somebody_without_id_is_refused(plan):
    nobody = (msgspec.structs.replace(plan.decisions[0], user_id=None),)
    with pytest.raises(PlanRefused, match="no id"):
        check_plan(sealed(msgspec.structs.replace(plan, decisions=nobody)), portal_url=URL)


def test_a_plan_may_be_as_old_as_the_guardrail_says_and_no_older(plan):
    guardrails = Guardrails(max_plan_age_hours=24)
    just = Instant(plan.created_at + timedelta(hours=24))
    check_age(plan, now=just, guardrails=guardrails)
    with pytest.raises(PlanRefused, match="24 hours"):
        check_age(plan, now=Instant(just + timedelta(seconds=1)), guardrails=guardrails)


def test_a_plan_from_the_future_is_refused(plan):
    now = Instant(plan.created_at - timedelta(minutes=6))
    with pytest.raises(PlanRefused, match="only"):
        check_age(plan, now=now, guardrails=Guardrails())


def test_somebody_to_be_signed_out_without_id_refuses_the_plan_too(portal):
    plan = plan_for(portal, [portal.add(1)], verdict=Verdict.SIGN_OUT)
    nobody = (msgspec.structs.replace(plan.decisions[0], user_id=None),)
    with pytest.raises(PlanRefused, match="no id"):
        check_plan(sealed(msgspec.structs.replace(plan, decisions=nobody)), portal_url=URL)


def test_a_plan_is_made_here_only_where_the_ledger_holds_the_same_one(plan, ledger):
    assert not is_made_here(plan, ledger)

    know(plan, ledger)

    assert is_made_here(plan, ledger)
    assert not is_made_here(msgspec.structs.replace(plan, digest="0" * 64), ledger)
    assert not is_made_here(msgspec.structs.replace(plan, plan_id="another"), ledger)


def test_a_plan_from_elsewhere_is_told_how_to_be_trusted(plan):
    assert "--trust-plan-file" in refuse_foreign(plan).remedy
