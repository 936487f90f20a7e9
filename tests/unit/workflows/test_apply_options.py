"""Which people of a plan are changed this time."""

import pytest

from lastseen.execution.selection import Selection
from lastseen.model.decision import Verdict
from lastseen.model.errors import UsageError
from lastseen.workflows.apply_options import ApplyOptions, actions_of, chosen_of, ids_of
from tests.unit.execution.plans import carry_out, plan_for


@pytest.fixture
def people(portal):
    return [portal.add(n) for n in range(4)]


def chosen(plan, ledger, **options):
    return ids_of(chosen_of(plan, ApplyOptions(**options), ledger))


def test_everyone_whom_the_plan_changes_is_chosen_and_nobody_else(portal, ledger, people):
    plan = plan_for(portal, people, kept=3)

    assert chosen(plan, ledger) == people


def test_who_is_only_signed_out_is_changed_too(portal, people):
    plan = plan_for(portal, people, verdict=Verdict.SIGN_OUT)

    assert ids_of(actions_of(plan)) == people


def test_a_part_is_chosen_by_name_and_an_unknown_name_is_refused(portal, ledger, people):
    plan = plan_for(portal, people)

    assert chosen(plan, ledger, selection=Selection(only=(people[1],))) == [people[1]]
    assert chosen(plan, ledger, selection=Selection(except_=(people[1],))) == [
        people[0],
        *people[2:],
    ]
    with pytest.raises(UsageError):
        chosen(plan, ledger, selection=Selection(only=("nobody@x.example",)))


def test_a_limit_continues_with_those_whom_no_finished_run_has_disabled(portal, ledger, people):
    plan = plan_for(portal, people)

    carry_out(plan, portal, ledger, limit=2)

    first = set(people) - set(chosen(plan, ledger, limit=10))
    assert len(first) == 2
    assert first == {who for who, _ in portal.changes}
