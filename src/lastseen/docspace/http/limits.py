"""How many requests a portal may get and how fast, as one value made at the edge.

The defaults stay below what the portal's RateLimiterSettings.cs allows one account. Nothing here
enforces them.
"""

import msgspec


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How many requests a portal may get, how fast and for how long."""

    reads: int = 40
    """GETs at once; the portal refuses more than 50, which others with the same account share."""
    writes: int = 10
    """PUTs at once; the portal refuses more than 15."""
    per_minute: int | None = None
    """Requests a minute; None: what the portal's answers show, 1,500 as documented."""
    tries: int = 6
    """How often a GET is sent at most."""
    longest_pause_seconds: float = 120.0
    """A `Retry-After` above this isn't waited for."""
    connect_seconds: float = 15.0
    """How long connecting may take."""
    answer_seconds: float = 60.0
    """How long a request may take in total."""
    largest_answer_bytes: int = 32 * 1024 * 1024
    """Larger answers are not read."""
    log_requests: int = 20_000
    """How many requests to the logs one command may send, whatever the portal's size and the days
    read back."""
    log_requests_a_person_day: float = 0.2
    """How many more for each person of the portal and each day read back: 20 entries a day, a
    hundred a page."""
    log_seconds: float = 7_200.0
    """How long one command may read the logs, whatever the portal's size and the days read
    back."""
    log_seconds_a_person_day: float = 0.012
    """How much longer for each person of the portal and each day read back: 0.2 requests take 0.008
    seconds at the documented 1,500 a minute."""
    people: int = 300_000
    """A longer list of people can't come from a portal."""
