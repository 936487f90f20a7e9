"""What earlier runs did, according to the whole journal: the last change of each person. Pure."""

from collections.abc import Iterable, Mapping

import msgspec

from lastseen.execution.journal_entries import Intent, Outcomes, Scope
from lastseen.model.contractor import UserId
from lastseen.model.instant import Instant
from lastseen.model.journal_entry import JournalEntry
from lastseen.model.receipt import OutcomeKind

CHANGES = frozenset({OutcomeKind.DISABLED, OutcomeKind.REINSTATED})
"""Outcomes in which an account's status was changed."""


class LastChange(msgspec.Struct, frozen=True, kw_only=True):
    """The last change that Lastseen made to an account."""

    run_id: str
    """The run that made it."""
    outcome: OutcomeKind
    """Disabled or reinstated."""
    at: Instant
    """When the journal wrote it."""
    approved: bool = False
    """Whether `--max-disable` lifted the guardrails for that run."""


class History(msgspec.Struct, frozen=True, kw_only=True):
    """What the journal says about earlier runs."""

    changes: Mapping[UserId, LastChange]
    """The last change of each person whom a run disabled or reinstated."""
    signed_out: Mapping[UserId, Instant]
    """When each person's sessions were last ended by a run."""
    signed_out_by: Mapping[UserId, str]
    """Which run that was."""
    perhaps_signed_out: Mapping[UserId, Instant]
    """When a run requested to end sessions, while it is not known whether they were ended."""

    def disabled_since(
        self,
        since: Instant,
        reinstated: Mapping[UserId, Instant],
        *,
        approved_too: bool = False,
    ) -> frozenset[UserId]:
        """Return the people whom runs disabled at or after `since`, as guardrails count them.

        People reinstated afterwards don't count, whether by `undo` or, according to `reinstated`,
        by hand; nor, unless `approved_too`, do runs that were approved with `--max-disable`.
        """
        return frozenset(
            person
            for person, change in self.changes.items()
            if change.outcome is OutcomeKind.DISABLED
            and (approved_too or not change.approved)
            and change.at >= since
            and (person not in reinstated or reinstated[person] <= change.at)
        )


def read_history(entries: Iterable[JournalEntry]) -> History:
    """Read the journal's entries, oldest first. Raises LedgerError as reading them does."""
    approved: set[str] = set()
    changes: dict[UserId, LastChange] = {}
    signed_out: dict[UserId, Instant] = {}
    signed_out_by: dict[UserId, str] = {}
    intended: dict[UserId, Instant] = {}
    for entry in entries:
        if entry.run_id is None:
            continue
        if entry.kind == "scope":
            if msgspec.convert(entry.content, Scope).max_disable is not None:
                approved.add(entry.run_id)
        elif entry.kind == "intent":
            intent = msgspec.convert(entry.content, Intent)
            if intent.status is None:
                intended.update({target.user_id: entry.at for target in intent.people})
        elif entry.kind == "outcome":
            for outcome in msgspec.convert(entry.content, Outcomes).people:
                intended.pop(outcome.user_id, None)
                if outcome.outcome is OutcomeKind.SIGNED_OUT:
                    signed_out[outcome.user_id] = entry.at
                    signed_out_by[outcome.user_id] = entry.run_id
                elif outcome.outcome in CHANGES:
                    changes[outcome.user_id] = LastChange(
                        run_id=entry.run_id,
                        outcome=outcome.outcome,
                        at=entry.at,
                        approved=entry.run_id in approved,
                    )
    return History(
        changes=changes,
        signed_out=signed_out,
        signed_out_by=signed_out_by,
        perhaps_signed_out=intended,
    )
