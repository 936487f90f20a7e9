"""The doctor's findings about logs that may have stopped, which can't prove absence."""

from lastseen.docspace.interface import Portal
from lastseen.evidence.proof.coverage import covering
from lastseen.evidence.proof.log_silence import find_silence
from lastseen.evidence.silence_finder import WRITING_TESTS
from lastseen.model.cohort import cohorts_in_words
from lastseen.model.diagnosis import Finding
from lastseen.model.guardrails import silence_limit
from lastseen.model.instant import Instant, days, utc_date
from lastseen.model.plan import Policy
from lastseen.model.sighting import EvidenceKind


def silence_findings(
    portal: Portal, policy: Policy, *, born: Instant | None, now: Instant, log_silence_days: float
) -> list[Finding]:
    """Report whether each log that counts is being written.

    Judged by the newest page of each, which must have been read. `born`: a time at which the portal
    already existed; `log_silence_days` is that of the guardrails.
    """
    kinds = [EvidenceKind(kind) for kind in policy.evidence]
    return [_silence(portal, kind, policy, born, now, log_silence_days) for kind in kinds]


def _silence(
    portal: Portal,
    kind: EvidenceKind,
    policy: Policy,
    born: Instant | None,
    now: Instant,
    log_silence_days: float,
) -> Finding:
    log, proof_of_life = WRITING_TESTS[kind]
    name = f"{log[0].upper()}{log[1:]} alive"
    shown = covering(portal.shown(kind)).intervals
    begins = shown[0].since if shown else max(policy.window_start(now), born or now)

    def silent_since(inactive_days: int) -> Instant | None:
        limit = days(silence_limit(log_silence_days, inactive_days))
        if begins >= now:
            return None
        return find_silence(shown, begins=begins, now=now, limit=limit).since

    since = silent_since(policy.inactive_days)
    cohorts = {one.name: one.inactive_days for one in policy.cohorts if one.inactive_days}
    held = {one: found for one, window in cohorts.items() if (found := silent_since(window))}
    if since is None and not held:
        newest = f"newest entry on {utc_date(shown[-1].until)}" if shown else "no entry yet"
        return Finding(name=name, state="ok", value=newest, meaning=f"The {log} is being written.")
    stopped = f"The {log} has probably stopped: everyone not seen is put on hold"
    if since is None:
        stopped = (
            f"That is too long for the window of the {cohorts_in_words(held)}: everyone not seen "
            "there is put on hold"
        )
    return Finding(
        name=name,
        state="problem",
        value=f"no entry by anybody since {utc_date(since or min(held.values()))}",
        meaning=f"{stopped}, since absence can't be proven from it.",
        remedy=f"To show that it works, {proof_of_life} and run doctor again; if that leaves no "
        "entry either, check the portal's services.",
    )
