"""Which logs of a case had stopped, as it was drawn, and which were silent, as they stand.

Two measures: what a client has to notice, and what excuses it for holding people.
"""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise

from campaigns.safety.cases import DAY, Case, Log

NEVER = float("inf")
"""The log has not come back."""

_LIVELY = 8
"""So many entries a day on average leave no pause that anybody could take for a dead log."""
_GRAIN = 3600


def dead_until(case: Case, log: Log, listed: Sequence[int], kept_since: float, now: float) -> float:
    """Return until when a log had stopped for so long that everybody has to notice; 0: it had not.

    NEVER while it is still silent. On a portal that is quiet anyway nobody has to; nor where the
    log lists no older entry and is kept for less: then it may just have begun. `listed`: when its
    entries happened, oldest first; `kept_since`: since when it is kept, as far as can be known.
    """
    crowd = case.crowd
    written = min(crowd.sign_ins, crowd.trail)
    if min(written / max(1, crowd.days), crowd.a_day) < _LIVELY:
        return 0.0
    ends = [0.0]
    for outage in case.outages:
        since = float(case.start - outage.age)
        if not listed or listed[0] > since:
            since = max(since, kept_since)
        until = NEVER if outage.until_age is None else float(case.start - outage.until_age)
        if outage.log == log and min(until, now) - since > _limit(case) + _GRAIN:
            ends.append(until if until <= now else NEVER)
    return max(ends)


def silent_until(case: Case, seconds: Sequence[int], now: float) -> float:
    """Return until when a log as it stands was silent for longer than it should be; 0: it was not.

    NEVER while it still is.
    """
    written = [second for second in seconds if second <= now]
    ends = [0.0]
    ends += [float(b) for a, b in pairwise(written) if b - a > _limit(case)]
    if not written or now - written[-1] > _limit(case):
        return NEVER
    return max(ends)


def written_again(seconds: Sequence[int], dead_until: float) -> float:
    """Return when the first entry shows that a log is written again; 0 where it had not stopped.

    NEVER while none does. `dead_until`: when it was written again, which nobody sees before that
    entry; `seconds`: when its entries happened, oldest first.
    """
    if dead_until in (0.0, NEVER):
        return dead_until
    first = bisect_left(seconds, dead_until)
    return float(seconds[first]) if first < len(seconds) else NEVER


def loses_unnoticed(case: Case, now: float) -> bool:
    """Say whether a log lost entries over a time that nobody can tell from an ordinary pause."""
    lasted = [
        (now if one.until_age is None else case.start - one.until_age) - (case.start - one.age)
        for one in case.outages
    ]
    return any(0 < seconds <= _limit(case) + _GRAIN for seconds in lasted)


def _limit(case: Case) -> float:
    return case.rules.log_silence_days * DAY
