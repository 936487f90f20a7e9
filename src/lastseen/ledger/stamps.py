"""Instants as the ledger stores them: whole microseconds since 1970 UTC."""

from datetime import datetime, timedelta

from lastseen.instant import EPOCH, Instant

_DAY = 86_400_000_000
_SECOND = 1_000_000


def stamp(moment: datetime) -> int:
    """Return `moment`, aware and in any offset, in microseconds since 1970, exactly."""
    span = moment - EPOCH
    return span.days * _DAY + span.seconds * _SECOND + span.microseconds


def stamped(number: int) -> Instant:
    """Return the instant that `stamp` made `number` of."""
    return Instant(EPOCH + timedelta(microseconds=number))


def stamp_or_none(moment: Instant | None) -> int | None:
    """Return `stamp(moment)`, or None for None."""
    return None if moment is None else stamp(moment)


def stamped_or_none(number: int | None) -> Instant | None:
    """Return `stamped(number)`, or None for None."""
    return None if number is None else stamped(number)
