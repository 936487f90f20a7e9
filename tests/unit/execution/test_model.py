"""Plans, applies, undos, deaths and hands on the portal in any order, against a model.

The model knows who did what to whom last. Where nothing on the portal or in the ledger could tell
(an account that hands reinstated and disabled again unseen, or disabled while a killed run's
request was in doubt) it says nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    multiple,
    rule,
    run_state_machine_as_test,
)

from lastseen.ledger import Ledger
from lastseen.model.contractor import AccountStatus, UserId
from lastseen.model.errors import PlanRefused
from lastseen.model.instant import Instant
from lastseen.model.plan import Plan
from lastseen.model.receipt import OutcomeKind, Receipt
from lastseen.workflows.apply import apply
from lastseen.workflows.apply_options import ApplyOptions
from lastseen.workflows.undo import undo
from testing.process_death import (
    Killed,
    Life,
    Moment,
    MortalLedger,
    mortal_portal,
    until_death,
)
from tests.unit.execution.fake_portal import URL, FakePortal
from tests.unit.execution.plans import GENEROUS, batches_of, know, plan_for

ACTIVE, TERMINATED = AccountStatus.ACTIVE, AccountStatus.TERMINATED
COUNT = 5
PACE = batches_of(2)

Death = tuple[int, Moment] | None

deaths = st.one_of(st.none(), st.tuples(st.integers(0, 50), st.sampled_from(["before", "after"])))
troubles = st.sampled_from([None, None, "lost-before", "lost-after", "lost-midway", "500-midway"])
someone = st.integers(0, COUNT - 1)


@dataclass(frozen=True)
class LastChange:
    """A change that Lastseen made."""

    status: AccountStatus
    at: Instant
    email: str


@dataclass
class Person:
    """What the model knows of somebody."""

    acts: list[LastChange] = field(default_factory=list)
    by_hand: bool = False
    """Whether a hand gave the present status."""
    in_doubt: bool = False
    """Whether nobody could tell who gave the present status."""
    known_active: bool = False
    """Whether a command saw that a hand had reinstated them."""
    came_at: Instant | None = None
    """When they were here last."""
    directory: bool = False


class CarryingOut(RuleBasedStateMachine):
    """See the file's docstring."""

    plans = Bundle("plans")
    runs = Bundle("runs")

    @initialize()
    def begin(self) -> None:
        self.portal = FakePortal()
        self.people = [self.portal.add(n) for n in range(COUNT)]
        self.model = {who: Person() for who in self.people}
        self.book = Ledger.in_memory(clock=self.portal.clock)
        self.ledger = self.book.portal(URL)
        self.open: set[UserId] = set()
        """Those of whom a killed command may have left an intent open."""
        self.made = 0

    def teardown(self) -> None:
        if hasattr(self, "book"):
            assert self.ledger.journal.verify() is None
            self.book.close()

    # --- commands ---------------------------------------------------------------------------------

    @rule(target=plans, chosen=st.sets(someone, min_size=1))
    def review(self, chosen: set[int]) -> Any:
        here = [who for who in map(self.people.__getitem__, sorted(chosen)) if self.is_active(who)]
        if not here:
            return multiple()
        self.made += 1
        plan = plan_for(self.portal, here, plan_id=f"plan-{self.made}")
        know(plan, self.ledger)
        return plan

    @rule(target=runs, plan=plans, death=deaths, trouble=troubles)
    def apply(self, plan: Plan, death: Death, trouble: Any) -> Any:
        options = ApplyOptions(guardrails=GENEROUS, pace=PACE)
        before = len(self.portal.changes)
        receipt = self.command(
            lambda portal, ledger: apply(
                plan, portal, ledger=ledger, options=options, clock=self.portal.clock
            ),
            death,
            trouble,
        )
        meant = {UserId(one.user_id or ""): one.email for one in plan.to_disable()}
        for who, status in self.portal.changes[before:]:
            person = self.model[who]
            reinstated_at = self.ledger.accounts.reinstated().get(who)
            assert status is TERMINATED
            assert self.portal.accounts[who].email == meant[who], "another address by now"
            assert not person.directory, "an account that the portal refuses to change"
            assert person.came_at is None or person.came_at < plan.now, "was here since the plan"
            assert reinstated_at is None or reinstated_at <= plan.now, "was reinstated since"
            self.changed(who, TERMINATED)
        return self.ended(receipt, set(meant))

    @rule(target=runs, run_id=runs, death=deaths, trouble=troubles)
    def undo(self, run_id: str, death: Death, trouble: Any) -> Any:
        before = len(self.portal.changes)
        receipt = self.command(
            lambda portal, ledger: undo(
                run_id,
                portal,
                ledger=ledger,
                guardrails=GENEROUS,
                clock=self.portal.clock,
                pace=PACE,
            ),
            death,
            trouble,
        )
        for who, status in self.portal.changes[before:]:
            person = self.model[who]
            assert not person.directory
            assert self.portal.accounts[who].email == person.acts[-1].email
            if status is ACTIVE:
                assert not person.by_hand or person.in_doubt, "somebody else disabled them"
                assert person.acts[-1].status is TERMINATED or person.in_doubt
            else:
                came_back = person.came_at and person.came_at > person.acts[-1].at
                assert not came_back, "was here since the undo"
            self.changed(who, status)
        return self.ended(receipt, set(self.people))

    def command(
        self, work: Callable[[Any, Any], Any], death: Death, trouble: Any
    ) -> Receipt | None:
        """Run a command in a process that may die, on a portal that may stumble once."""
        life = Life(death_at=death[0], moment=death[1]) if death else Life()
        if trouble:
            self.portal.troubles.append(trouble)
        try:
            receipt: Receipt = until_death(
                work(mortal_portal(self.portal, life), MortalLedger(self.ledger, life))
            )
            return receipt
        except PlanRefused:
            self.open.clear()  # what was open was looked into all the same
        except (Killed, BaseExceptionGroup):
            assert life.dead
        finally:
            self.portal.troubles.clear()
        return None

    def changed(self, who: UserId, status: AccountStatus) -> None:
        person = self.model[who]
        act = LastChange(
            status=status, at=self.portal.clock.now, email=self.portal.accounts[who].email
        )
        person.acts.append(act)
        person.by_hand = person.in_doubt = False

    def ended(self, receipt: Receipt | None, meant: set[UserId]) -> Any:
        """Check what a command said against how people stand."""
        if receipt is None:
            self.open |= meant
            return multiple()
        self.open.clear()
        for one in receipt.outcomes:
            who = UserId(one.user_id)
            if who not in self.portal.accounts:
                continue
            active = self.is_active(who)
            self.model[who].known_active |= active
            if one.outcome in (OutcomeKind.ALREADY_ACTIVE, OutcomeKind.SPARED_ACTIVE):
                assert active
            if one.outcome is OutcomeKind.ALREADY_DISABLED:
                assert not active
            assert one.outcome is not OutcomeKind.REFUSED
        (run,) = (run for run in self.ledger.runs.all() if run.run_id == receipt.run_id)
        assert run.state in ("done", "partial", "failed")
        assert not [run for run in self.ledger.runs.all() if run.state == "running"]
        return receipt.run_id

    # --- hands on the portal ----------------------------------------------------------------------

    @rule(n=someone)
    def disable_by_hand(self, n: int) -> None:
        who, person = self.people[n], self.model[self.people[n]]
        if self.is_active(who):
            self.portal.change(who, status=TERMINATED)
            unseen = bool(person.acts) and person.acts[-1].status is TERMINATED
            person.in_doubt = (unseen and not person.known_active) or who in self.open
            person.by_hand = True

    @rule(n=someone)
    def reinstate_by_hand(self, n: int) -> None:
        who, person = self.people[n], self.model[self.people[n]]
        if who in self.portal.accounts and not self.is_active(who):
            self.portal.change(who, status=ACTIVE)
            person.by_hand, person.in_doubt, person.known_active = True, False, False

    @rule(n=someone)
    def sign_in(self, n: int) -> None:
        who = self.people[n]
        if self.is_active(who):
            self.portal.clock.forward(seconds=2)
            self.portal.sign_in(who)
            self.model[who].came_at = self.portal.clock.now
            self.portal.clock.forward(minutes=2)

    @rule(n=someone)
    def rename(self, n: int) -> None:
        who = self.people[n]
        if who in self.portal.accounts:
            self.portal.change(who, email=f"new-{self.portal.accounts[who].email}")

    @rule(n=someone)
    def move_to_a_directory(self, n: int) -> None:
        who = self.people[n]
        if who in self.portal.accounts:
            self.portal.change(who, is_ldap=True)
            self.model[who].directory = True

    @rule(n=someone)
    def delete(self, n: int) -> None:
        who = self.people[n]
        if who in self.portal.accounts and not self.is_active(who):
            del self.portal.accounts[who]

    @rule(minutes=st.sampled_from([2, 20, 200]))
    def wait(self, minutes: int) -> None:
        self.portal.clock.forward(minutes=minutes)

    def is_active(self, who: UserId) -> bool:
        return who in self.portal.accounts and self.portal.status(who) is ACTIVE


def test_whatever_happens_in_whatever_order():
    run_state_machine_as_test(
        CarryingOut, settings=settings(max_examples=40, stateful_step_count=25)
    )
