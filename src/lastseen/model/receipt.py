"""The receipt: what `apply` or `undo` did, person by person."""

from enum import StrEnum
from typing import Literal

import msgspec

from lastseen.model.actor import Actor
from lastseen.model.contractor import UserId
from lastseen.model.decision import Reason
from lastseen.model.instant import Instant

RECEIPT_SCHEMA = "lastseen.receipt/1"
"""The name and version of the receipt's JSON form."""


class OutcomeKind(StrEnum):
    """What became of one person; fixed, since others act on it."""

    DISABLED = "disabled"
    SIGNED_OUT = "signed-out"
    ALREADY_DISABLED = "already-disabled"
    REINSTATED = "reinstated"
    ALREADY_ACTIVE = "already-active"
    SPARED_ACTIVE = "spared-active"
    SPARED_CHANGED = "spared-changed"
    REFUSED = "refused"
    FAILED = "failed"


class Cause(StrEnum):
    """Why an outcome is what it is, for programs; `Outcome.error` says it to people."""

    SEEN = "seen"
    """Was seen since the decision."""
    GONE = "gone"
    """The account is no longer on the portal."""
    PROTECTED = "protected"
    """The account is now one that is never touched."""
    ACCOUNT_CHANGED = "account-changed"
    """Another kind of account, or another e-mail address."""
    ROSTER_CHANGED = "roster-changed"
    """The roster no longer names the person, or says otherwise of the contract."""
    POLICY_CHANGED = "policy-changed"
    """Under the policy configured now the person would not be disabled."""
    SIGNED_OUT_BEFORE = "signed-out-before"
    """The sessions were ended already, and the person did not sign in since."""
    DECIDED_ANEW = "decided-anew"
    """A plan from elsewhere named the person, and the new review decides otherwise."""
    NOT_ASKED_FOR = "not-asked-for"
    """The portal changed the account though it was not asked to."""
    EXEMPT = "exempt"
    """An exemption holds."""
    REINSTATED = "reinstated"
    """Access was given back after the decision."""
    CHANGED_SINCE = "changed-since"
    """Somebody else, or a later run, changed the account after the run that is undone."""
    CLOCKS_DIFFER = "clocks-differ"
    """The portal's clock and the machine's differ: idle time can't be told."""
    UNPROVEN = "unproven"
    """Absence since the decision could not be proven."""
    UNREADABLE = "unreadable"
    """The account could not be read."""
    NOT_ATTEMPTED = "not-attempted"
    """The work ended before."""
    NO_ANSWER = "no-answer"
    """The portal gave no proper answer."""
    UNCONFIRMED = "unconfirmed"
    """The portal answered that it is done, and reading back does not show it."""
    REFUSED = "refused"
    """The portal refused to change this account."""
    NO_PLACE = "no-place"
    """The portal's licence has no seat left."""
    PENDING = "pending"
    """Reinstated, and the person must accept the invitation again."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one person."""

    user_id: UserId
    """The portal's id."""
    email: str | None
    """The e-mail address."""
    outcome: OutcomeKind
    """What was done or why not."""
    verified: bool = False
    """Whether reading the person back afterwards showed the status meant."""
    error: str | None = None
    """What went wrong or what changed, in one sentence; null where nothing did."""
    cause: Cause | None = None
    """The same for programs; null where nothing went wrong or changed."""
    reason: Reason | None = None
    """Why the plan decides to change this account; null where it doesn't name the person."""


NotAsked = Literal["roster", "policy"]
"""What the recheck of a run may go without, where it is called as a library."""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What a run did, person by person."""

    schema: str = RECEIPT_SCHEMA
    """Name and version of the JSON form."""
    run_id: str
    """The run's id, by which `undo` and `history` find it."""
    plan_id: str
    """The plan that was carried out; for `undo` the plan of the run that is taken back."""
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
    """How many had which outcome; only outcomes that occurred."""
    journal_head: str | None = None
    """Hash of the journal's newest entry; kept elsewhere it detects a rewritten ledger."""
    approved_by: tuple[str, ...] = ()
    """Who approved what was carried out, where people were asked."""
    not_asked: tuple[NotAsked, ...] = ()
    """What the recheck could not check, since the library was called without it."""


def summarise_outcomes(outcomes: tuple[Outcome, ...]) -> dict[str, int]:
    """Count the outcomes by kind, in the order of `OutcomeKind`."""
    counts = {kind.value: 0 for kind in OutcomeKind}
    for outcome in outcomes:
        counts[outcome.outcome.value] += 1
    return {kind: count for kind, count in counts.items() if count}


def encode_receipt(receipt: Receipt) -> bytes:
    """Return the receipt's JSON form, indented for people, ending in a newline."""
    return msgspec.json.format(msgspec.json.encode(receipt), indent=2) + b"\n"
