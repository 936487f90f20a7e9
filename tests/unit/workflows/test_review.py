"""What a review refuses before it begins."""

import asyncio

import pytest

from lastseen.model.errors import UsageError
from lastseen.model.plan import Cohort, Policy
from lastseen.rosters import RosterOptions, open_roster
from lastseen.workflows.review import review


@pytest.mark.parametrize("cohorts", [(), (Cohort(name="audit", kind="audit"),)])
def test_an_unknown_cohort_is_refused_before_anything_is_asked_or_recorded(portal, ledger, cohorts):
    asked = review(
        portal,
        open_roster(RosterOptions()),
        ledger=ledger,
        policy=Policy(cohorts=cohorts),
        clock=portal.clock,
        cohort="adit",
    )
    with pytest.raises(UsageError, match="no cohort of that name") as refused:
        asyncio.run(asked)

    assert "nothing was started" in refused.value.meaning
    assert ("audit" if cohorts else "policy.for") in refused.value.remedy
    assert portal.requests == 0
    assert ledger.runs.all() == ()
    assert list(ledger.journal.entries()) == []
