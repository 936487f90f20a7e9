"""The receipt: what `apply` or `undo` did, person by person."""

from enum import StrEnum
from typing import Literal

import msgspec

from lastseen.model.actor import Actor
from lastseen.model.contractor import UserId
from lastseen.model.decision import Reason
from lastseen.model.instant import Instant
from lastseen.model.json_text import indented

RECEIPT_SCHEMA = "lastseen.receipt/1"
"""The name and version of the receipt's JSON form."""


class OutcomeKind(StrEnum):
    """What happened to one person; fixed, since programs depend on it."""

    DISABLED = "disabled"
    SIGNED_OUT = "signed-out"
    ALREADY_DISABLED = "already-disabled"
    REINSTATED = "reinstated"
    ALREADY_ACTIVE = "already-active"
    SPARED_ACTIVE = "spared-active"
    SPARED_CHANGED = "spared-changed"
    REFUSED = "refused"
    FAILED = "failed"

    @property
    def in_words(self) -> str:
        """The outcome for people: `spared: changed since`."""
        return _OUTCOMES_IN_WORDS.get(self, self.value.replace("-", " "))


_OUTCOMES_IN_WORDS = {
    OutcomeKind.SPARED_ACTIVE: "spared: seen since the review",
    OutcomeKind.SPARED_CHANGED: "spared: changed since",
}


class Cause(StrEnum):
    """Why an outcome is what it is, for programs; `Outcome.error` says it to people."""

    SEEN = "seen"
    """Was seen since the decision."""
    GONE = "gone"
    """The account is no longer on the portal."""
    PROTECTED = "protected"
    """The account is now one that is never changed."""
    ACCOUNT_CHANGED = "account-changed"
    """Another kind of account, or another e-mail address."""
    ROSTER_CHANGED = "roster-changed"
    """The roster no longer names the person, or says something else about the contract."""
    POLICY_CHANGED = "policy-changed"
    """Under the current policy the person would not be disabled."""
    SIGNED_OUT_BEFORE = "signed-out-before"
    """The sessions were already ended, and the person has not signed in since."""
    SIGN_OUT_UNCONFIRMED = "sign-out-unconfirmed"
    """A request to end the sessions was sent, and it is not known yet whether they were ended."""
    DECIDED_ANEW = "decided-anew"
    """A plan from elsewhere named the person, and the new review decides otherwise."""
    UNREQUESTED = "not-asked-for"
    """The portal changed the account without being asked to."""
    EXEMPT = "exempt"
    """An exemption applies."""
    REINSTATED = "reinstated"
    """Access was given back after the decision."""
    CHANGED_SINCE = "changed-since"
    """Somebody else, or a later run, changed the account after the run that is undone."""
    CLOCKS_DIFFER = "clocks-differ"
    """The portal's clock and the machine's differ, so idle time is unknown."""
    UNPROVEN = "unproven"
    """Absence since the decision could not be proven."""
    UNREADABLE = "unreadable"
    """The account could not be read."""
    NOT_ATTEMPTED = "not-attempted"
    """The run ended before."""
    NO_ANSWER = "no-answer"
    """The portal gave no proper answer."""
    UNCONFIRMED = "unconfirmed"
    """The portal reported success, but reading back does not show it."""
    REFUSED = "refused"
    """The portal refused to change this account."""
    NO_PLACE = "no-place"
    """The portal's licence has no seat left."""
    PENDING = "pending"
    """Reinstated, and the person must accept the invitation again."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to one person."""

    user_id: UserId
    """The portal's id."""
    email: str | None
    """The e-mail address."""
    outcome: OutcomeKind
    """What was done or why not."""
    verified: bool = False
    """Whether reading the person back afterwards showed the requested status."""
    error: str | None = None
    """What went wrong or what changed, in one sentence; null if nothing did."""
    cause: Cause | None = None
    """The same for programs; null if nothing went wrong or changed."""
    reason: Reason | None = None
    """Why the plan decided to change this account; null if it doesn't name the person."""
    session_may_be_open: bool | None = None
    """Whether a session could still be open then, as the plan decided; null if it doesn't say."""


NotAsked = Literal["roster", "policy"]
"""What the recheck of a run may go without if it is called as a library."""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What a run did, person by person."""

    schema: str = RECEIPT_SCHEMA
    """Name and version of the JSON form."""
    run_id: str
    """The run's id, by which `undo` and `history` find it."""
    plan_id: str
    """The plan that was carried out; for `undo` the plan of the run that is undone."""
    plan_digest: str | None = None
    """That plan's digest; null in receipts of earlier versions."""
    portal: str | None = None
    """The portal's address; null in receipts of earlier versions."""
    operator: Actor | None = None
    """Who started the run, and the account of the API key; null in earlier versions."""
    started_at: Instant
    """When the run began."""
    finished_at: Instant
    """When it ended."""
    outcomes: tuple[Outcome, ...]
    """One for each person that the run was to change."""
    summary: dict[str, int]
    """How many people had each outcome; only outcomes that occurred."""
    journal_head: str | None = None
    """Hash of the journal's newest entry; kept elsewhere it detects a rewritten ledger."""
    approved_by: tuple[str, ...] = ()
    """Who approved what was carried out, if approval was required."""
    not_asked: tuple[NotAsked, ...] = ()
    """What the recheck could not check, since the library was called without it."""

    @property
    def can_be_undone(self) -> bool:
        """Whether `undo` would have anything to do for this run."""
        return any(outcome.outcome is OutcomeKind.DISABLED for outcome in self.outcomes)


def summarise_outcomes(outcomes: tuple[Outcome, ...]) -> dict[str, int]:
    """Count the outcomes by kind, in the order of `OutcomeKind`."""
    counts = {kind.value: 0 for kind in OutcomeKind}
    for outcome in outcomes:
        counts[outcome.outcome.value] += 1
    return {kind: count for kind, count in counts.items() if count}


def encode_receipt(receipt: Receipt) -> bytes:
    """Return the receipt's JSON form, indented for people, ending in a newline."""
    return indented(receipt)
