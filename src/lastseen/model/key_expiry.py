"""Whether an API key expires soon enough to warn about it. Pure."""

from datetime import timedelta

from lastseen.model.instant import Instant, after

WARNED_BEFORE = timedelta(days=14)
"""How long before its end a key is warned about."""


def expires_soon(expires_at: Instant | None, now: Instant) -> bool:
    """Return whether a key expires within 14 days; None means that it never expires."""
    return expires_at is not None and expires_at <= after(now, WARNED_BEFORE)
