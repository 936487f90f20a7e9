"""What must hold after a run that died and was finished: nobody twice, nobody forgotten.

Looks at the portal's own record of what was changed, at the receipts and at the journal. Knows
nothing of how the run died.
"""

from collections import Counter

import msgspec

from lastseen.evidence.administration import SESSIONS_ENDED
from lastseen.execution.history import read_history
from lastseen.execution.journal_entries import Intent
from lastseen.ledger import PortalLedger
from lastseen.model.plan import Plan
from lastseen.model.receipt import OutcomeKind, Receipt
from lastseen.simulator.server.portal import SimulatedPortal
from lastseen.simulator.world.oracle import DAY


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What was found."""

    wrongs: tuple[str, ...]
    """What must not be, each in a sentence."""
    changed: int
    """How many people the command changed."""
    repeated: int
    """How many of them a request named again after they had been changed: without effect."""


def judge(portal: SimulatedPortal, ledger: PortalLedger, plan: Plan, receipt: Receipt) -> Verdict:
    """Judge a plan that was carried out over one or several deaths; `receipt` is the last one."""
    meant = {str(decision.user_id) for decision in plan.to_disable()}
    disabled = Counter(
        change.user_id
        for change in portal.world.changes
        if change.by != "hand" and change.after == "TERMINATED"
    )
    spared = _back_in_time(portal, plan)
    expected = meant - spared
    claimed = expected | (meant & disabled.keys())
    wrongs = [f"{who} was changed {times} times" for who, times in disabled.items() if times > 1]
    wrongs += [f"{who} was forgotten" for who in expected - disabled.keys()]
    wrongs += [f"{who} was changed without being meant" for who in disabled.keys() - meant]
    to_sign_out = {str(decision.user_id) for decision in plan.to_sign_out()}
    wrongs += _of_sign_outs(portal, ledger, plan, to_sign_out, expected=to_sign_out - spared)
    wrongs += _of_receipts(ledger, receipt, expected=claimed, meant=meant | to_sign_out)
    wrongs += _of_journal(portal, ledger, receipt)
    return Verdict(wrongs=tuple(wrongs), changed=len(disabled), repeated=_repeated(portal, meant))


def _of_sign_outs(
    portal: SimulatedPortal,
    ledger: PortalLedger,
    plan: Plan,
    meant: set[str],
    *,
    expected: set[str],
) -> list[str]:
    """Check that sessions were ended once for each, and that the journal knows of it."""
    columns, began = portal.world.trail.columns, int(plan.now.timestamp())
    ended = Counter(
        portal.world.targets.get(number, "")
        for number, action, second in zip(
            columns.ids, columns.actions, columns.seconds, strict=True
        )
        if action == SESSIONS_ENDED and second >= began
    )
    wrongs = [f"{who} was signed out {times} times" for who, times in ended.items() if times > 1]
    wrongs += [f"{who} was not signed out" for who in expected - ended.keys()]
    wrongs += [f"{who} was signed out without being meant" for who in ended.keys() - meant]
    known = read_history(ledger.journal.entries()).signed_out
    wrongs += [
        f"the journal does not know that {who} was signed out" for who in ended if who not in known
    ]
    wrongs += [f"the journal says that {who} was signed out" for who in known if who not in ended]
    return wrongs


def _back_in_time(portal: SimulatedPortal, plan: Plan) -> set[str]:
    """Return those whom the recheck may spare: their presence was written late."""
    edge = plan.now.timestamp() - plan.policy.inactive_days * DAY
    return {truth.id for truth in portal.truths() if (truth.last_presence_at or 0) > edge}


def _of_receipts(
    ledger: PortalLedger, receipt: Receipt, *, expected: set[str], meant: set[str]
) -> list[str]:
    """Check that exactly one receipt claims everybody disabled, as verified."""
    wrongs = []
    claims: Counter[str] = Counter()
    for run in ledger.runs.all():
        if run.kind == "review":
            continue
        if run.state in ("running", "interrupted"):
            wrongs.append(f"the run {run.run_id} is still {run.state}")
        kept = ledger.runs.receipt(run.run_id)
        for one in kept.outcomes if kept else ():
            if one.outcome is OutcomeKind.DISABLED:
                claims[one.user_id] += 1
                if not one.verified:
                    wrongs.append(f"{one.user_id} was not verified")
    wrongs += [f"{who} is claimed {claims[who]} times" for who in expected if claims[who] != 1]
    if {one.user_id for one in receipt.outcomes} != meant:
        wrongs.append("the receipt is not whole")
    for one in receipt.outcomes:
        good = (OutcomeKind.DISABLED, OutcomeKind.ALREADY_DISABLED)
        if one.user_id in expected and one.outcome not in good:
            wrongs.append(f"{one.user_id} is called {one.outcome}")
    return wrongs


def _of_journal(portal: SimulatedPortal, ledger: PortalLedger, receipt: Receipt) -> list[str]:
    """Check that the chain is whole and that nobody was asked for without an intent."""
    wrongs = []
    broken = ledger.journal.verify(receipt.journal_head)
    if broken is not None:
        wrongs.append(f"the journal is broken: {broken.explanation}")
    intended = {
        person.user_id
        for entry in ledger.journal.entries()
        if entry.kind == "intent" and entry.content.get("batch")
        for person in msgspec.convert(entry.content, Intent).people
    }
    asked = {who for put in portal.puts for who in put.user_ids}
    wrongs += [f"{who} was asked for without an intent" for who in asked - intended]
    return wrongs


def _repeated(portal: SimulatedPortal, expected: set[str]) -> int:
    """Count those named again by a request after one that was answered with success."""
    done: set[str] = set()
    again: set[str] = set()
    for put in portal.puts:
        named = expected.intersection(put.user_ids)
        again |= named & done
        if put.answered == 200:
            done |= named
    return len(again)
