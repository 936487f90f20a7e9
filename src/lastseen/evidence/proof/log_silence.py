"""Whether a log has stopped, now or for a time, so that it proves nobody's absence. Pure.

A log whose pipeline has died looks as if everybody had left. The difference is how long the log
has paused before: on a portal of three people weeks may pass between two entries, on an ordinary
one a weekend does.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta

import msgspec

from lastseen.evidence.proof.coverage import Coverage, covering
from lastseen.model.instant import Instant, Interval

USUAL_TIMES = 3
"""A pause longer than this many times the usual one is out of character for the log."""

_EDGE = timedelta(hours=1)
"""The window and the beginning of a log move while it is read, and not together."""

_SHORTEST = timedelta(days=1)
"""Anything shorter is no pause."""


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """The pauses of one log that are too long for it."""

    since: Instant | None = None
    """The newest entry, if the log has been silent for too long since; None: it has not."""
    pauses: tuple[Interval, ...] = ()
    """The pauses that have ended, newest first."""


def find_silence(
    shown: Iterable[Interval], *, begins: Instant, now: Instant, limit: timedelta
) -> Silence:
    """Return the pauses of a log that are too long.

    `shown`: the stretches in which it has entries at least daily; `begins`: since when it is known
    and was being written; `limit`: a length that is never too long. A pause is too long beyond
    `limit` and beyond three times the usual pause: half of the known time is in pauses of the usual
    length or less, or in none at all. The time before the first entry makes no pause usual, since
    the portal may have deleted its entries. If no entry is shown at all, `limit` itself is too
    long: the silence may reach back further than is known.
    """
    stretches = covering(shown).within(Interval(begins, now)).intervals
    pauses = _pauses(stretches, begins, now)
    alive = (now - begins) - sum(map(_length, pauses), timedelta())
    between = [pause for pause in pauses if pause.since != begins]
    too_long = [p for p in pauses if _is_too_long(p, [q for q in between if q != p], alive, limit)]
    if not stretches and now - begins >= limit - _EDGE:
        too_long = pauses
    silent = bool(too_long) and too_long[-1].until == now
    ended = too_long[:-1] if silent else too_long
    return Silence(
        since=too_long[-1].since if silent else None,
        pauses=tuple(reversed(ended)),
    )


def _pauses(stretches: Sequence[Interval], begins: Instant, now: Instant) -> list[Interval]:
    """Return the times without an entry, oldest first, including the first and the last."""
    pauses = Coverage(tuple(stretches)).gaps(Interval(begins, now))
    return [pause for pause in pauses if _length(pause) > _SHORTEST]


def _is_too_long(
    pause: Interval, others: list[Interval], alive: timedelta, limit: timedelta
) -> bool:
    length = _length(pause)
    return length > limit and length > USUAL_TIMES * _usual(others, alive)


def _usual(pauses: list[Interval], alive: timedelta) -> timedelta:
    """Return the pause length that half of the time is in, or less; `alive`: time in no pause."""
    lengths = sorted(map(_length, pauses))
    passed, half = alive, (alive + sum(lengths, timedelta())) / 2
    if passed >= half:
        return timedelta()
    for length in lengths:
        passed += length
        if passed >= half:
            return length
    return timedelta()


def _length(pause: Interval) -> timedelta:
    return pause.until - pause.since
