"""The same accounts at another address: nothing is decided until somebody confirms the move."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest

from lastseen.docspace import open_portal
from lastseen.execution.context import Pace
from lastseen.ledger import Ledger, PortalLedger
from lastseen.model.decision import Reason, Verdict
from lastseen.model.errors import UsageError
from lastseen.model.instant import system_clock
from lastseen.model.plan import Plan, Policy
from lastseen.model.receipt import Receipt
from lastseen.model.secret import ApiKey
from lastseen.model.sighting import EvidenceKind
from lastseen.rosters import RosterOptions, open_roster
from lastseen.simulator.server.app import serve
from lastseen.simulator.server.portal import SimulatedPortal
from lastseen.simulator.world.population import Population, populate
from lastseen.workflows.apply import apply
from lastseen.workflows.apply_options import ApplyOptions
from lastseen.workflows.review import review
from lastseen.workflows.same_portal import confirm_same_portal
from lastseen.workflows.undo import reversal, undo
from testing.quiet import QUIET_LOGS
from tests.portal.staged import GENEROUS

_T = TypeVar("_T")
ROSTER = open_roster(RosterOptions())
OLD, NEW = "http://127.0.0.1:7001", "http://127.0.0.1:7002"


class Moving:
    """One portal, and the ledger's parts for its old and its new address."""

    def __init__(self, book: Ledger) -> None:
        self.old, self.new = book.portal(OLD), book.portal(NEW)
        self.simulated = SimulatedPortal(
            populate(datetime.now(UTC), Population(contractors=14, staff=3, days=45, seed=7)),
            clock=lambda: datetime.now(UTC),
        )

    def reviewed(self, ledger: PortalLedger) -> Plan:
        return self._asked(
            lambda portal: review(
                portal,
                ROSTER,
                ledger=ledger,
                policy=Policy(),
                clock=system_clock,
                log_silence_days=QUIET_LOGS,
            )
        )

    def applied(self, plan: Plan, ledger: PortalLedger) -> Receipt:
        options = ApplyOptions(guardrails=GENEROUS, pace=Pace(pauses=(0.05,)))
        return self._asked(
            lambda portal: apply(plan, portal, ledger=ledger, options=options, clock=system_clock),
            plan.portal,
        )

    def confirmed(self) -> str | None:
        return self._asked(lambda portal: confirm_same_portal(portal, ROSTER, ledger=self.new))

    def undone(self, run_id: str) -> Receipt:
        return self._asked(
            lambda portal: undo(
                run_id, portal, ledger=self.new, guardrails=GENEROUS, clock=system_clock
            )
        )

    def _asked(self, ask: Callable[[Any], Awaitable[_T]], url: str = "") -> _T:
        async def work() -> _T:
            async with (
                serve(self.simulated) as served,
                open_portal(served, ApiKey(self.simulated.api_key), clock=system_clock) as portal,
            ):
                return await ask(_Named(portal, url) if url else portal)

        return asyncio.run(work())


class _Named:
    """The portal, under the address that the ledger has."""

    def __init__(self, portal: object, url: str) -> None:
        self._portal, self.url = portal, url

    def __getattr__(self, name: str) -> object:
        return getattr(self._portal, name)


@pytest.fixture
def moving():
    with Ledger.in_memory(clock=system_clock) as book:
        yield Moving(book)


def test_the_same_accounts_at_another_address_stop_a_review_and_name_the_old_one(moving):
    moving.reviewed(moving.old)

    with pytest.raises(UsageError, match=OLD) as stopped:
        moving.reviewed(moving.new)

    assert stopped.value.exit_code == 2
    assert "--same-portal" in stopped.value.remedy
    assert not moving.new.accounts.known()


def test_exemptions_and_the_grace_after_an_undo_follow_the_portal(moving):
    plan = moving.reviewed(moving.old)
    exempt, _ = plan.to_disable()[:2]
    moving.old.exemptions.add(
        exempt.email, until=datetime.now(UTC).date() + timedelta(days=9), reason="on leave"
    )
    moving.old.exemptions.bind(exempt.email.lower(), exempt.user_id)
    with pytest.raises(UsageError):
        moving.reviewed(moving.new)
    late = plan.to_disable()[2]
    moving.new.exemptions.add(
        late.email, until=datetime.now(UTC).date() + timedelta(days=9), reason="on leave too"
    )
    returned = plan.to_disable()[1].user_id
    moving.old.accounts.note_reinstated([returned], system_clock())

    assert moving.confirmed() == OLD

    decided = {one.user_id: one for one in moving.reviewed(moving.new).decisions}
    assert decided[exempt.user_id].reason is Reason.EXEMPT
    assert decided[late.user_id].reason is Reason.EXEMPT
    assert decided[returned].reason is Reason.RECENTLY_REINSTATED
    assert moving.new.damage() == ()
    assert moving.new.journal.verify() is None
    assert moving.old.journal.verify() is None


def test_the_logs_of_a_portal_that_moved_are_read_again(moving):
    moving.reviewed(moving.old)
    assert moving.old.evidence.coverage(EvidenceKind.SIGN_IN, None)

    moving.confirmed()

    for kind in EvidenceKind:
        assert not moving.new.evidence.coverage(kind, None)
        assert not moving.new.evidence.newest_sightings(kind)
    assert moving.reviewed(moving.new).evidence.complete


def test_undo_names_the_address_that_has_the_run_and_works_once_the_move_is_confirmed(moving):
    plan = moving.reviewed(moving.old)
    receipt = moving.applied(plan, moving.old)
    disabled = receipt.summary["disabled"]

    with pytest.raises(UsageError, match=OLD):
        moving.undone(receipt.run_id)
    with pytest.raises(UsageError, match=OLD):
        reversal(receipt.run_id, ledger=moving.new)
    moving.confirmed()

    assert moving.undone(receipt.run_id).summary == {"reinstated": disabled}


def test_the_old_address_is_refused_after_the_move(moving):
    moving.reviewed(moving.old)
    moving.confirmed()
    moving.reviewed(moving.new)

    with pytest.raises(UsageError, match=NEW):
        moving.reviewed(moving.old)


def test_a_portal_that_is_known_here_or_nowhere_is_not_taken_over(moving):
    with pytest.raises(UsageError, match="none of its accounts"):
        moving.confirmed()
    moving.reviewed(moving.new)

    assert moving.confirmed() is None
    assert all(one.decision is not Verdict.HOLD for one in moving.reviewed(moving.new).to_disable())
