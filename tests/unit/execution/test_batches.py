"""At whatever moment a run ends, the journal knows everyone whom a request may have reached."""

import asyncio

import pytest

from lastseen.execution.batches import STOPPED, change_status, remember_accounts
from lastseen.execution.context import ExecutionContext, Pace
from lastseen.execution.run_record import RunRecord
from lastseen.execution.target import Target
from lastseen.ledger import PortalLedger
from lastseen.model.contractor import AccountStatus, UserId
from lastseen.model.errors import LedgerError
from lastseen.model.receipt import OutcomeKind
from tests.unit.execution.fake_portal import FakePortal, refused
from tests.unit.execution.plans import batches_of

TERMINATED, ACTIVE = AccountStatus.TERMINATED, AccountStatus.ACTIVE


class Work:
    """A run over some people, in batches of two."""

    def __init__(
        self,
        portal: FakePortal,
        ledger: PortalLedger,
        number: int,
        *,
        status: AccountStatus = TERMINATED,
        pace: Pace | None = None,
    ) -> None:
        self.portal, self.ledger = portal, ledger
        self.people = [portal.add(n) for n in range(number)]
        if status is ACTIVE:
            for who in self.people:
                portal.change(who, status=TERMINATED)
        self.stop = asyncio.Event()
        self.context = ExecutionContext(
            portal=portal,
            ledger=ledger,
            clock=portal.clock,
            pace=pace or batches_of(2),
            stop=self.stop,
        )
        self.targets = [Target(user_id=who, email=None) for who in self.people]
        self.record = RunRecord(ledger.journal, ledger.runs.begin("apply"))
        self.record.begin(self.targets, status)

    def carry(self) -> str | None:
        return asyncio.run(change_status(self.targets, self.record, self.context))

    def read_again(self) -> RunRecord:
        """Read the run as the next process would."""
        return RunRecord(self.ledger.journal, self.record.run)

    def changed(self) -> set[UserId]:
        return {who for who, _ in self.portal.changes}


def test_everybody_is_in_the_journal_before_the_request_about_them_leaves(portal, ledger):
    work = Work(portal, ledger, 7)
    known: list[set[UserId]] = []
    portal.before_change = lambda: known.append(set(work.read_again().open))

    assert work.carry() is None

    assert len(portal.puts) == 4
    assert all(set(put) <= intended for put, intended in zip(portal.puts, known, strict=True))
    assert work.read_again().done == set(work.people)
    assert not work.read_again().is_open


def test_where_the_journal_cannot_be_written_nobody_is_asked_for(portal, ledger, monkeypatch):
    work = Work(portal, ledger, 4)

    def full(people: object) -> None:
        raise LedgerError(attempted="writing", found="disk full", meaning="", remedy="")

    monkeypatch.setattr(work.record, "intend", full)

    with pytest.raises(LedgerError):
        work.carry()

    assert portal.puts == []


def test_a_stop_lets_the_batch_in_flight_end_and_nothing_follows(portal, ledger):
    work = Work(portal, ledger, 6)
    portal.before_change = work.stop.set

    assert work.carry() == STOPPED

    assert [set(put) for put in portal.puts] == [set(work.people[:2])]
    assert work.read_again().done == set(work.people[:2])
    assert not work.read_again().is_open


@pytest.mark.parametrize("batches_read_back", [1, 20])
def test_a_cancellation_lets_the_batch_in_flight_end_and_its_outcome_be_written(
    portal, ledger, batches_read_back
):
    pace = Pace(batch=2, batches_read_back=batches_read_back, pauses=(0.0,))
    work = Work(portal, ledger, 6, pace=pace)

    async def play() -> None:
        task = asyncio.ensure_future(change_status(work.targets, work.record, work.context))
        portal.before_change = lambda: task.cancel() and None
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(play())

    assert len(portal.puts) == 1
    assert work.read_again().done == work.changed() == set(work.people[:2])
    assert not work.read_again().is_open


def test_a_second_cancellation_leaves_those_in_flight_open_and_nobody_unknown(portal, ledger):
    work = Work(portal, ledger, 6)

    async def play() -> None:
        task = asyncio.ensure_future(change_status(work.targets, work.record, work.context))
        asked, never = asyncio.Event(), asyncio.Event()

        async def hangs(*_: object) -> tuple[()]:
            asked.set()
            await never.wait()
            return ()

        portal.set_status = hangs
        await asked.wait()
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(play())

    assert set(work.read_again().open) == set(work.people[:2])


def test_a_portal_that_refuses_everybody_is_not_asked_about_all_of_them(portal, ledger):
    work = Work(portal, ledger, 40)
    for who in work.people:
        portal.change(who, is_ldap=True)

    halt = work.carry()

    assert "may not change them" in (halt or "")
    assert len(portal.puts) <= 3
    assert portal.changes == []


def test_one_refused_person_in_the_first_batch_ends_nothing(portal, ledger):
    work = Work(portal, ledger, 6)
    portal.change(work.people[0], is_ldap=True)

    assert work.carry() is None

    assert work.read_again().done == set(work.people[1:])
    assert work.read_again().outcomes[work.people[0]].outcome is OutcomeKind.REFUSED


def test_a_used_up_limit_ends_the_run_and_the_journal_says_who_was_not_reached(portal, ledger):
    work = Work(portal, ledger, 6)
    portal.after_change = lambda: portal.troubles.append(refused(429))

    assert work.carry() is not None

    again = work.read_again()
    assert again.done == work.changed() == set(work.people[:2])
    assert not again.is_open


def test_the_ledger_learns_when_each_person_was_disabled(portal, ledger):
    work = Work(portal, ledger, 3)

    work.carry()

    remember_accounts(work.people, work.record, work.context)  # told again: no harm
    portal.clock.forward(days=1)
    ledger.accounts.note([portal.accounts[work.people[0]]], portal.clock())
    assert ledger.accounts.reinstated() == {}


def test_anyone_who_is_reinstated_has_the_grace_from_then_on(portal, ledger):
    work = Work(portal, ledger, 3, status=ACTIVE)

    work.carry()

    assert ledger.accounts.reinstated() == {who: work.record.acted_at[who] for who in work.people}


def test_somebody_changed_unasked_is_on_the_record_and_nothing_follows(portal, ledger):
    work = Work(portal, ledger, 6)
    stray = portal.add(99)
    portal.strays.add(stray)

    assert "not asked" in (work.carry() or "")

    assert work.read_again().done == {*work.people[:2], stray}
    assert len(portal.puts) == 1
