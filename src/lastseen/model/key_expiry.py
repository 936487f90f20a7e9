"""When the end of an API key is near enough to be told. Pure."""

from datetime import timedelta

from lastseen.model.instant import Instant, after

WARNED_BEFORE = timedelta(days=14)


def expires_soon(expires_at: Instant | None, now: Instant) -> bool:
    """Return whether a key ends within 14 days; one that never does (None) doesn't."""
    return expires_at is not None and expires_at <= after(now, WARNED_BEFORE)
