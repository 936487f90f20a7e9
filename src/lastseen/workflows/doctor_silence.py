"""The doctor's findings about logs that may have stopped, which can't prove absence."""

from datetime import timedelta

from lastseen.docspace.interface import Portal
from lastseen.evidence.proof.coverage import covering
from lastseen.evidence.proof.log_silence import find_silence
from lastseen.evidence.silence_finder import WRITING_TESTS
from lastseen.model.diagnosis import Finding
from lastseen.model.instant import Instant, utc_date
from lastseen.model.plan import Policy
from lastseen.model.sighting import EvidenceKind


def silence_findings(
    portal: Portal, policy: Policy, *, born: Instant | None, now: Instant, limit: timedelta
) -> list[Finding]:
    """Report whether each log that counts is being written.

    Judged by the newest page of each, which must have been read. `born`: a time at which the portal
    already existed; `limit`: a silence that is never too long.
    """
    kinds = [EvidenceKind(kind) for kind in policy.evidence]
    return [_silence(portal, kind, policy, born, now, limit) for kind in kinds]


def _silence(
    portal: Portal,
    kind: EvidenceKind,
    policy: Policy,
    born: Instant | None,
    now: Instant,
    limit: timedelta,
) -> Finding:
    log, proof_of_life = WRITING_TESTS[kind]
    name = f"{log[0].upper()}{log[1:]} alive"
    shown = covering(portal.shown(kind)).intervals
    begins = shown[0].since if shown else max(policy.window_start(now), born or now)
    found = find_silence(shown, begins=begins, now=now, limit=limit) if begins < now else None
    if found is None or found.since is None:
        newest = f"newest entry on {utc_date(shown[-1].until)}" if shown else "no entry yet"
        return Finding(name=name, state="ok", value=newest, meaning=f"The {log} is being written.")
    return Finding(
        name=name,
        state="problem",
        value=f"no entry by anybody since {utc_date(found.since)}",
        meaning=f"The {log} has probably stopped: everyone not seen is put on hold, since absence "
        "can't be proven from it.",
        remedy=f"To show that it works, {proof_of_life} and run doctor again; if that leaves no "
        "entry either, check the portal's services.",
    )
