"""One run as the journal records it: whom it was to change, what it intended, and the outcomes.

An intent is in the journal before its request is sent; the outcome follows once reading back has
shown it. A person with an intent and no outcome is *open*: the request may or may not have reached
the portal. That is all that recovery needs to know.
"""

from collections.abc import Iterable, Sequence

import msgspec

from lastseen.execution.history import CHANGES
from lastseen.execution.journal_entries import Intent, Outcomes, Scope
from lastseen.execution.target import Target
from lastseen.ledger import Journal
from lastseen.model.contractor import AccountStatus, UserId
from lastseen.model.instant import Instant
from lastseen.model.journal_entry import EntryKind, JournalEntry
from lastseen.model.progress import run_at_work
from lastseen.model.receipt import Outcome, OutcomeKind
from lastseen.model.run import Run


class RunRecord:
    """What the journal has about one run, and the way to add to it."""

    def __init__(self, journal: Journal, run: Run) -> None:
        """Read the journal's entries about `run`; raises LedgerError."""
        self._journal = journal
        self.run = run
        self.scope: dict[UserId, Target] = {}
        """Everyone the run was to change, in the order of the plan."""
        self.outcomes: dict[UserId, Outcome] = {}
        """The known outcomes."""
        self.unknown: dict[UserId, Outcome] = {}
        """What is known about open people; a later check may still find that they were changed."""
        self.open: dict[UserId, Target] = {}
        """People with an intent to change their status and no outcome, as they were then."""
        self.open_sign_outs: dict[UserId, Instant] = {}
        """People with an intent to end their sessions and no outcome, and when it was written."""
        self.acted_at: dict[UserId, Instant] = {}
        """When the journal recorded that somebody was disabled or reinstated."""
        self.acted_on: dict[UserId, Target] = {}
        """The people changed or about to be, as they were when that was written."""
        self.max_disable: int | None = None
        """How many people `--max-disable` allowed the newest attempt to disable."""
        self.plan_digest: str | None = None
        """The digest of the plan that is carried out, or whose run is undone."""
        self._status: AccountStatus | None = None
        self._batches = 0
        for entry in journal.entries(run.run_id):
            self._take(entry)

    @property
    def status(self) -> AccountStatus:
        """The status that the run gives; only a run with a scope has one."""
        if self._status is None:
            raise LookupError(f"the run {self.run.run_id} has no scope in the journal")
        return self._status

    @property
    def begun(self) -> bool:
        """Whether the run wrote down whom it is to change."""
        return self._status is not None

    @property
    def done(self) -> frozenset[UserId]:
        """The people whom the run disabled or reinstated."""
        return self._with_outcome(CHANGES)

    @property
    def signed_out(self) -> frozenset[UserId]:
        """The people whose sessions the run ended."""
        return self._with_outcome({OutcomeKind.SIGNED_OUT})

    @property
    def is_open(self) -> bool:
        """Whether any person's outcome is still unknown."""
        return bool(self.open or self.open_sign_outs)

    def begin(
        self,
        scope: Sequence[Target],
        status: AccountStatus,
        *,
        sign_out: Sequence[Target] = (),
        max_disable: int | None = None,
        plan_digest: str | None = None,
    ) -> None:
        """Journal whom this attempt at the run is to change, before any request.

        `sign_out`: the people whose sessions it ends. `max_disable`: the number that replaces the
        guardrails, if any. `plan_digest`: the digest of the run's plan. People whom an earlier
        attempt changed stay on the record, whether they are in `scope` or not.
        """
        run_at_work.set(self.run.run_id)
        entry = Scope(
            status=status,
            scope=tuple(scope),
            sign_out=tuple(sign_out),
            plan_id=self.run.plan_id,
            plan_digest=plan_digest,
            undone_run_id=self.run.undone_run_id,
            max_disable=max_disable,
        )
        self._write("scope", entry)

    def intend(self, people: Sequence[Target]) -> None:
        """Journal that these people are about to be given the run's status."""
        self._intend(people, self.status)

    def intend_sign_out(self, person: Target) -> None:
        """Journal that the person's sessions are about to be ended."""
        self._intend([person], None)

    def close(
        self,
        outcomes: Iterable[Outcome],
        *,
        unknown: Iterable[Outcome] = (),
        unrequested: Iterable[Target] = (),
    ) -> None:
        """Journal outcomes; those in `unknown` stay open.

        `unrequested`: people whom the portal changed without being asked to; they belong to the run
        from now on, so that it can be undone for them.
        """
        entry = Outcomes(
            people=tuple(outcomes), open=tuple(unknown), unrequested=tuple(unrequested)
        )
        if entry.people or entry.open:
            self._write("outcome", entry)

    def close_without_request(self, outcomes: Iterable[Outcome]) -> None:
        """Journal the outcomes of people for whom no request was sent this time.

        A person who is open from an earlier attempt, and could not be read now, stays open.
        """
        known = tuple(outcomes)
        still_open = {**self.open, **self.open_sign_outs}
        unknown = [
            one for one in known if one.outcome is OutcomeKind.FAILED and one.user_id in still_open
        ]
        self.close((one for one in known if one not in unknown), unknown=unknown)

    def targets_done(self) -> tuple[Target, ...]:
        """Return the people whom the run changed, as they were when it did."""
        done = self.done
        return tuple(self.acted_on[who] for who in self.scope if who in done)

    def targets_signed_out(self) -> tuple[Target, ...]:
        """Return the people whose sessions the run ended."""
        ended = self.signed_out
        return tuple(target for who, target in self.scope.items() if who in ended)

    def _with_outcome(self, kinds: frozenset[OutcomeKind] | set[OutcomeKind]) -> frozenset[UserId]:
        return frozenset(who for who, out in self.outcomes.items() if out.outcome in kinds)

    def _intend(self, people: Sequence[Target], status: AccountStatus | None) -> None:
        intent = Intent(
            batch=self._batches + 1,
            status=status,
            people=tuple(people),
            plan_id=self.run.plan_id,
        )
        self._write("intent", intent)

    def _write(self, kind: EntryKind, entry: Scope | Intent | Outcomes) -> None:
        content = msgspec.to_builtins(entry)
        self._take(self._journal.append(kind, run_id=self.run.run_id, content=content))

    def _take(self, entry: JournalEntry) -> None:
        match entry.kind:
            case "scope":
                self._take_scope(msgspec.convert(entry.content, Scope))
            case "intent":
                self._take_intent(msgspec.convert(entry.content, Intent), entry.at)
            case "outcome":
                self._take_outcomes(msgspec.convert(entry.content, Outcomes), entry.at)

    def _take_scope(self, attempt: Scope) -> None:
        """Start another attempt: it replaces the people that an earlier one did not reach."""
        done = self.done | self.signed_out
        asked = done | self.open.keys() | self.open_sign_outs.keys()
        now = {target.user_id: target for target in (*attempt.scope, *attempt.sign_out)}
        kept = {who: target for who, target in self.scope.items() if who in asked}
        self._status = attempt.status
        self.max_disable = attempt.max_disable
        self.plan_digest = attempt.plan_digest
        self.scope = {who: target for who, target in kept.items() if who not in now} | now
        for who in now:
            if who not in done:
                self.outcomes.pop(who, None)

    def _take_intent(self, intent: Intent, at: Instant) -> None:
        self._batches = max(self._batches, intent.batch)
        for target in intent.people:
            if intent.status is None:
                self.open_sign_outs[target.user_id] = at
            else:
                self.open[target.user_id] = target
                self.acted_on[target.user_id] = target

    def _take_outcomes(self, closed: Outcomes, at: Instant) -> None:
        for target in closed.unrequested:
            self.scope.setdefault(target.user_id, target)
            self.acted_on[target.user_id] = target
        for outcome in closed.people:
            self.open.pop(outcome.user_id, None)
            self.open_sign_outs.pop(outcome.user_id, None)
            self.unknown.pop(outcome.user_id, None)
            self.outcomes[outcome.user_id] = outcome
            if outcome.outcome in CHANGES:
                self.acted_at[outcome.user_id] = at
        self.unknown.update({outcome.user_id: outcome for outcome in closed.open})
