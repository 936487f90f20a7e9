"""How hard a portal may be asked, as one value made at the edge.

The defaults stay below what the portal's RateLimiterSettings.cs allows one account. Nothing here
acts on them.
"""

import msgspec


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How hard and for how long a portal may be asked."""

    reads: int = 40
    """GETs at once; the portal refuses more than 50, which others with the same account share."""
    writes: int = 10
    """PUTs at once; the portal refuses more than 15."""
    per_minute: int | None = None
    """Requests a minute; None: what the portal shows or teaches, 1,500 as documented."""
    tries: int = 6
    """How often a GET is sent at most."""
    longest_pause_seconds: float = 120.0
    """A `Retry-After` above this isn't waited for."""
    connect_seconds: float = 15.0
    """How long a connection may take to be made."""
    answer_seconds: float = 60.0
    """How long a request may take altogether."""
    largest_answer_bytes: int = 32 * 1024 * 1024
    """More than this is not read."""
    log_requests: int = 20_000
    """How many requests to the logs one command may take, whatever the portal's size and the
    days that are read back."""
    log_requests_a_person_day: float = 0.2
    """How many more for each person of the portal and each day that is read back: 20 entries a day,
    a hundred a page."""
    log_seconds: float = 7_200.0
    """How long one command may read the logs, whatever the portal's size and the days that are
    read back."""
    log_seconds_a_person_day: float = 0.012
    """How much longer for each person of the portal and each day that is read back: 0.2 requests
    take 0.008 seconds at the documented 1,500 a minute."""
    people: int = 300_000
    """A list of more people than this is no portal's."""
