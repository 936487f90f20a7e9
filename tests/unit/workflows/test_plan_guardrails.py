"""Which guardrail would stop a plan, known before anybody is asked."""

import asyncio
from datetime import timedelta

import pytest
from msgspec import structs

from lastseen.model.contractor import AccountStatus
from lastseen.model.guardrails import Guardrails, GuardrailStopped
from lastseen.model.instant import Instant
from lastseen.model.plan import Population
from lastseen.model.plan_document import sealed
from lastseen.workflows.plan_guardrails import check_roster, disabled_already, guardrail_ahead
from tests.unit.execution.plans import carry_out, plan_for

THREE = Guardrails(max_disable=3, max_disable_share=1.0)


def listing(plan, people):
    """Return the plan as one made from a file that lists so many people."""
    population = Population(
        source="csv",
        query="/a.csv",
        listed=people,
        matched=people,
        portal_total=people,
        read_at=plan.now,
        sha256="",
    )
    return sealed(structs.replace(plan, population=population))


def ahead(plan, ledger, now, **more):
    return guardrail_ahead(plan, ledger=ledger, guardrails=THREE, now=now, **more)


def test_a_plan_within_the_limits_is_not_stopped_and_one_person_more_is(portal, ledger):
    people = [portal.add(n) for n in range(4)]

    assert ahead(plan_for(portal, people[:3]), ledger, portal.clock()) is None
    stopped = ahead(plan_for(portal, people), ledger, portal.clock())
    assert stopped is not None
    assert "at most 3 people" in stopped.found


def test_whom_earlier_runs_have_disabled_lately_counts_and_long_ago_does_not(portal, ledger):
    people = [portal.add(n) for n in range(4)]
    carry_out(plan_for(portal, people[:2]), portal, ledger)
    plan = plan_for(portal, people[2:], plan_id="plan-2")
    now = portal.clock()

    assert ahead(plan, ledger, now) is not None
    assert ahead(plan, ledger, Instant(now + timedelta(days=8))) is None


def test_a_stop_says_how_many_may_be_disabled_all_the_same(portal, ledger):
    people = [portal.add(n) for n in range(6)]
    carry_out(plan_for(portal, people[:2]), portal, ledger)
    now = portal.clock()

    stopped = ahead(plan_for(portal, people[2:], plan_id="plan-2"), ledger, now)
    assert stopped.still_allowed == 1
    assert "`lastseen apply plan.json --limit 1`" in stopped.remedy
    approved = ahead(plan_for(portal, people[2:], plan_id="plan-3"), ledger, now, max_disable=2)
    assert approved.still_allowed == 2
    assert "`lastseen apply plan.json --limit 2 --max-disable 2`" in approved.remedy


def test_of_a_plan_carried_out_in_part_only_the_rest_is_counted_and_advised(portal, ledger):
    plan = plan_for(portal, [portal.add(n) for n in range(5)])
    carry_out(plan, portal, ledger, limit=3)

    stopped = ahead(plan, ledger, portal.clock())
    assert "disabling 2 people" in stopped.attempted
    assert "`lastseen apply plan.json --max-disable 2`" in stopped.remedy
    assert ahead(plan, ledger, portal.clock(), max_disable=2) is None


def test_a_stop_offers_no_part_but_a_date_where_nobody_more_may_be_disabled(portal, ledger):
    people = [portal.add(n) for n in range(4)]
    carry_out(plan_for(portal, people[:3]), portal, ledger)

    stopped = ahead(plan_for(portal, people[3:], plan_id="plan-2"), ledger, portal.clock())
    assert stopped.still_allowed == 0
    assert "--limit" not in stopped.remedy
    assert "--only" not in stopped.remedy
    assert "nobody more may be disabled until 2026-" in stopped.remedy
    assert "`lastseen apply plan.json --max-disable 1`" in stopped.remedy


def test_so_many_people_as_were_approved_may_be_disabled(portal, ledger):
    plan = plan_for(portal, [portal.add(n) for n in range(4)])

    assert ahead(plan, ledger, portal.clock(), max_disable=4) is None
    assert ahead(plan, ledger, portal.clock(), max_disable=3) is not None


def test_a_roster_that_lost_most_of_its_people_stops_the_plan(portal, ledger):
    people = [portal.add(n) for n in range(2)]
    carry_out(listing(plan_for(portal, people[:1]), 100), portal, ledger)
    plan = plan_for(portal, people[1:], plan_id="plan-2")

    check_roster(listing(plan, 50), ledger, Guardrails())
    with pytest.raises(GuardrailStopped, match="it lost 51%"):
        check_roster(listing(plan, 49), ledger, Guardrails())
    assert ahead(listing(plan, 49), ledger, portal.clock()) is not None


def test_a_roster_cut_short_stops_a_plan_that_disables_nobody_too(portal, ledger):
    carry_out(listing(plan_for(portal, [portal.add(1)]), 100), portal, ledger)

    with pytest.raises(GuardrailStopped, match="it lost 99%"):
        check_roster(listing(plan_for(portal, [], plan_id="plan-2"), 1), ledger, Guardrails())


def test_those_who_are_disabled_already_are_known_and_nobody_where_the_portal_is_silent(portal):
    gone, here = portal.add(1), portal.add(2)
    chosen = plan_for(portal, [gone, here]).to_disable()
    portal.change(gone, status=AccountStatus.TERMINATED)

    assert asyncio.run(disabled_already(chosen, portal)) == {gone}
    portal.deaf_people = True
    assert asyncio.run(disabled_already(chosen, portal)) == frozenset()
