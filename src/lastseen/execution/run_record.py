"""One run as the journal knows it: whom it was to change, what it intended, what came of it.

An intent is in the journal before the request that carries it out leaves; its outcome follows
when reading back has shown it. Whoever has an intent and no outcome is *open*: the request may or
may not have reached the portal. That is all that recovery needs to know.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from lastseen.execution.target import Target
from lastseen.ledger import Journal
from lastseen.model.contractor import AccountStatus, UserId
from lastseen.model.instant import Instant
from lastseen.model.journal_entry import EntryKind, JournalEntry
from lastseen.model.receipt import Outcome, OutcomeKind
from lastseen.model.run import Run

_DONE = frozenset({OutcomeKind.DISABLED, OutcomeKind.REINSTATED})


class _Scope(msgspec.Struct, frozen=True, kw_only=True):
    """The first entry of a run, or of each further attempt at it."""

    status: AccountStatus
    scope: tuple[Target, ...]
    plan_id: str | None = None
    undone_run_id: str | None = None


class _Intent(msgspec.Struct, frozen=True, kw_only=True):
    """Written before a batch is asked for."""

    batch: int
    status: AccountStatus
    people: tuple[Target, ...]
    plan_id: str | None = None


class _Outcomes(msgspec.Struct, frozen=True, kw_only=True):
    """Written when it is known what became of people."""

    people: tuple[Outcome, ...]
    open: tuple[Outcome, ...] = ()


class RunRecord:
    """What the journal holds of one run, and the way to write more into it."""

    def __init__(self, journal: Journal, run: Run) -> None:
        """Read what the journal has of `run`; raises LedgerError."""
        self._journal = journal
        self.run = run
        self.scope: dict[UserId, Target] = {}
        """Everyone the run was to change, in the order of the plan."""
        self.outcomes: dict[UserId, Outcome] = {}
        """What is known to have become of people."""
        self.unknown: dict[UserId, Outcome] = {}
        """What can be said of open people; a later look may still find that it was done."""
        self.open: dict[UserId, Target] = {}
        """Those with an intent and no outcome, as they stood when it was written."""
        self.acted_at: dict[UserId, Instant] = {}
        """When the journal wrote that somebody was disabled or reinstated."""
        self.acted_on: dict[UserId, Target] = {}
        """Those with an intent, as they stood when it was written."""
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
        """Those whom the run disabled or reinstated."""
        return frozenset(who for who, out in self.outcomes.items() if out.outcome in _DONE)

    def begin(self, scope: Sequence[Target], status: AccountStatus) -> None:
        """Journal whom this attempt at the run is to change, before anything is asked.

        Those whom an earlier attempt changed stay on the record, whether in `scope` or not.
        """
        entry = _Scope(
            status=status,
            scope=tuple(scope),
            plan_id=self.run.plan_id,
            undone_run_id=self.run.undone_run_id,
        )
        self._write("scope", entry)

    def intend(self, people: Sequence[Target]) -> None:
        """Journal that these are about to be given the run's status."""
        intent = _Intent(
            batch=self._batches + 1,
            status=self.status,
            people=tuple(people),
            plan_id=self.run.plan_id,
        )
        self._write("intent", intent)

    def close(self, outcomes: Iterable[Outcome], *, unknown: Iterable[Outcome] = ()) -> None:
        """Journal what became of people; those in `unknown` stay open."""
        entry = _Outcomes(people=tuple(outcomes), open=tuple(unknown))
        if entry.people or entry.open:
            self._write("outcome", entry)

    def close_unasked(self, outcomes: Iterable[Outcome]) -> None:
        """Journal what became of people for whom nothing was asked this time.

        Who is open from an earlier attempt, and could not be looked at now, stays so.
        """
        told = tuple(outcomes)
        unknown = [
            one for one in told if one.outcome is OutcomeKind.FAILED and one.user_id in self.open
        ]
        self.close((one for one in told if one not in unknown), unknown=unknown)

    def targets_done(self) -> tuple[Target, ...]:
        """Return those whom the run changed, as they stood when it did."""
        done = self.done
        return tuple(self.acted_on[who] for who in self.scope if who in done)

    def _write(self, kind: EntryKind, entry: _Scope | _Intent | _Outcomes) -> None:
        content = msgspec.to_builtins(entry)
        self._take(self._journal.append(kind, run_id=self.run.run_id, content=content))

    def _take(self, entry: JournalEntry) -> None:
        content = entry.content
        if entry.kind == "scope":
            self._begin(msgspec.convert(content, _Scope))
        elif entry.kind == "intent":
            intent = msgspec.convert(content, _Intent)
            self._batches = max(self._batches, intent.batch)
            for target in intent.people:
                self.open[target.user_id] = target
                self.acted_on[target.user_id] = target
        elif entry.kind == "outcome":
            closed = msgspec.convert(content, _Outcomes)
            for outcome in closed.people:
                self._close(outcome, entry.at)
            self.unknown.update({outcome.user_id: outcome for outcome in closed.open})

    def _begin(self, attempt: _Scope) -> None:
        """Take up an attempt: it stands for whomever an earlier one did not reach."""
        done = self.done
        now = {target.user_id: target for target in attempt.scope}
        kept = {who: t for who, t in self.scope.items() if who in done or who in self.open}
        self._status = attempt.status
        self.scope = {who: t for who, t in kept.items() if who not in now} | now
        for who in now:
            if who not in done:
                self.outcomes.pop(who, None)

    def _close(self, outcome: Outcome, at: Instant) -> None:
        who = outcome.user_id
        self.open.pop(who, None)
        self.unknown.pop(who, None)
        self.outcomes[who] = outcome
        if outcome.outcome in _DONE:
            self.acted_at[who] = at


class LastChange(msgspec.Struct, frozen=True, kw_only=True):
    """The last change that Lastseen made to somebody's account."""

    run_id: str
    """The run that made it."""
    outcome: OutcomeKind
    """Disabled or reinstated."""


def last_changes(entries: Iterable[JournalEntry]) -> Mapping[UserId, LastChange]:
    """Return the last act on everyone whom a run disabled or reinstated."""
    acts: dict[UserId, LastChange] = {}
    for entry in entries:
        if entry.kind == "outcome" and entry.run_id is not None:
            for outcome in msgspec.convert(entry.content, _Outcomes).people:
                if outcome.outcome in _DONE:
                    act = LastChange(run_id=entry.run_id, outcome=outcome.outcome)
                    acts[outcome.user_id] = act
    return acts
