"""Instants as the ledger stores them: whole microseconds since 1970 UTC."""

from datetime import datetime, timedelta

from lastseen.model.instant import EPOCH, Instant

_DAY = 86_400_000_000
_SECOND = 1_000_000


def to_micros(moment: datetime) -> int:
    """Return `moment`, aware and in any offset, in microseconds since 1970, exactly."""
    span = moment - EPOCH
    return span.days * _DAY + span.seconds * _SECOND + span.microseconds


def from_micros(number: int) -> Instant:
    """Return the instant for a number from `to_micros`."""
    return Instant(EPOCH + timedelta(microseconds=number))


def from_micros_or_none(number: int | None) -> Instant | None:
    """Return `from_micros(number)`, or None for None."""
    return None if number is None else from_micros(number)
