"""What the doctor says about how far back absence can be proven, and whether that is enough.

Judged by the longest window that the policy or one of its cohorts has.
"""

from datetime import timedelta

from lastseen.docspace.interface import Retention
from lastseen.evidence.proof.coverage import covering
from lastseen.evidence.reading.filter_detection import WITHOUT_OPTION, Detected, FilterMode
from lastseen.ledger import PortalLedger
from lastseen.model.cohort import cohorts_in_words, longer_windows
from lastseen.model.counting import counted
from lastseen.model.diagnosis import Finding
from lastseen.model.instant import Instant, Interval, before, days, instant
from lastseen.model.plan import Cohort, Policy
from lastseen.model.sighting import EvidenceKind


def retention_finding(retention: Retention, policy: Policy) -> Finding:
    """Report whether the portal keeps its logs for as long as the longest window."""
    kept = min(retention.sign_in_days, retention.trail_days)
    enough = _is_enough(kept, policy)
    return Finding(
        name="Retention",
        state="ok" if enough else "warning",
        value=f"sign-in log {counted(retention.sign_in_days, 'day')}, "
        f"trail {counted(retention.trail_days, 'day')}",
        meaning=f"The logs reach back over the window of {windows_in_words(policy)}."
        if enough
        else f"The logs alone can't show an absence of {_lacking_in_words(policy, kept)}; the "
        "ledger can, if reviews run before the portal deletes entries.",
        remedy=None if enough else _more_evidence(retention, policy, kept),
    )


def window_finding(
    ledger: PortalLedger, retention: Retention, detected: Detected, policy: Policy, now: Instant
) -> Finding:
    """Report the longest absence that can be proven today."""
    newest = detected.newest.events
    kept = {
        EvidenceKind.SIGN_IN: days(retention.sign_in_days),
        EvidenceKind.ACTIVITY: days(retention.trail_days),
    }
    if detected.mode is FilterMode.IGNORED and len(newest) >= WITHOUT_OPTION:
        kept = dict.fromkeys(kept, now - instant(newest[-1].at))
    kinds = [EvidenceKind(kind) for kind in policy.evidence]
    # The proof stops short of its edges by seconds, which no policy counts in.
    known = [known_since(ledger, kind, now, kept[kind]) for kind in kinds]
    longest = min((now - since + timedelta(minutes=1)).days for since in known)
    enough = _is_enough(longest, policy)
    return Finding(
        name="Longest window",
        state="ok" if enough else "problem",
        value=f"{counted(longest, 'day')}",
        meaning="The longest absence that can be proven today; the policy needs "
        f"{windows_in_words(policy)}.",
        remedy=None if enough else _more_evidence(retention, policy, longest),
    )


def known_since(ledger: PortalLedger, kind: EvidenceKind, now: Instant, kept: timedelta) -> Instant:
    """Return since when a log is completely known, from the ledger and what the portal keeps.

    The ledger counts only if it reaches up to what the portal still keeps.
    """
    stretches = [covered.interval for covered in ledger.evidence.coverage(kind)]
    still = Interval(before(now, kept), now)
    return covering((*stretches, still)).since(now) or still.since


def windows_in_words(policy: Policy) -> str:
    """Return the general window and each longer one: `30 days (100 days in the cohort audit)`."""
    general = counted(policy.inactive_days, "day")
    longer = _cohorts_in_words(longer_windows(policy, 0))
    return f"{general} ({longer})" if longer else general


def _is_enough(proven_days: int, policy: Policy) -> bool:
    """Return whether an absence of `proven_days` is enough for every window of the policy."""
    return policy.inactive_days <= proven_days and not longer_windows(policy, proven_days)


def _lacking_in_words(policy: Policy, proven_days: int) -> str:
    """Return the windows that `proven_days` are not enough for."""
    if policy.inactive_days > proven_days:
        return windows_in_words(policy)
    return _cohorts_in_words(longer_windows(policy, proven_days))


def _cohorts_in_words(cohorts: tuple[Cohort, ...]) -> str:
    return ", ".join(
        f"{counted(one.inactive_days or 0, 'day')} in the cohort {one.name}" for one in cohorts
    )


def _more_evidence(retention: Retention, policy: Policy, proven_days: int) -> str:
    """Return how to cover the policy's windows. Shorter ones would disable people on holiday."""
    shorter = min(retention.sign_in_days, retention.trail_days)
    back, who = windows_in_words(policy), "people not seen"
    if policy.inactive_days <= proven_days:
        lacking = longer_windows(policy, proven_days)
        back = counted(max(one.inactive_days or 0 for one in lacking), "day")
        who = f"people of the {cohorts_in_words(one.name for one in lacking)} who are not seen"
    advice = (
        f"run `lastseen review` at least every {counted(max(1, shorter // 2), 'day')}: until "
        f"the ledger reaches back {back}, {who} stay on hold."
    )
    if _is_enough(shorter, policy):
        return f"{advice[0].upper()}{advice[1:]}"
    return f"Raise the lifetime in the portal's security settings (up to 180 days), and {advice}"
