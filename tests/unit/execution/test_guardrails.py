"""Whether so many people may be disabled at all."""

import pytest

from lastseen.execution.guardrails import check_guardrails, people_on_roster
from lastseen.model.decision import Reason
from lastseen.model.errors import ExitCode
from lastseen.model.guardrails import Guardrails, GuardrailStopped
from lastseen.model.plan import Plan
from tests.unit.execution.fake_portal import FakePortal
from tests.unit.execution.plans import plan_for


def roster_of(count: int) -> Plan:
    return plan_for(FakePortal(), [], kept=count)


def test_more_people_than_the_guardrail_stop_everything():
    plan = roster_of(1000)
    check_guardrails(50, plan=plan, guardrails=Guardrails())
    with pytest.raises(GuardrailStopped) as stopped:
        check_guardrails(51, plan=plan, guardrails=Guardrails())
    assert stopped.value.exit_code is ExitCode.GUARDRAIL
    assert stopped.value.plan == plan


@pytest.mark.parametrize(
    ("chosen", "roster", "share"), [(1, 4, 0.25), (29, 100, 0.29), (0, 0, 0.0)]
)
def test_exactly_the_share_is_allowed(chosen, roster, share):
    guardrails = Guardrails(max_disable_share=share)
    check_guardrails(chosen, plan=roster_of(roster), guardrails=guardrails)


@pytest.mark.parametrize(("chosen", "roster"), [(1, 3), (26, 100), (1, 0)])
def test_a_larger_share_stops_everything(chosen, roster):
    with pytest.raises(GuardrailStopped, match="25%"):
        check_guardrails(chosen, plan=roster_of(roster), guardrails=Guardrails())


def test_the_roster_counts_whoever_is_on_it_and_on_the_portal(portal):
    skipped = [
        Reason.UNKNOWN_GUEST,
        Reason.NOT_ON_PORTAL,
        Reason.ALREADY_DISABLED,
        Reason.PROTECTED,
    ]
    plan = plan_for(portal, [portal.add(1)], kept=3, skipped=skipped)
    assert people_on_roster(plan.decisions) == 6
