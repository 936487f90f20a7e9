"""Sessions: how long one lives, who ended it, and the people who read in one without a trace.

After `CookiesManager.cs`, `SecurityContext.cs` and `ClearEventsService.cs`. Opening a document in
the editor writes nothing into any log, so people who only read appear here and nowhere else.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

DAY = 86_400


class Door(StrEnum):
    """How somebody who only reads comes in."""

    SESSION = "session"
    """By a cookie; signs in where there is none that is valid."""
    OAUTH = "oauth"
    """By an application that they authorised once. Its refresh tokens are renewed with every use
    (`reuseRefreshTokens(false)`), and signing out does not end them."""
    API_KEY = "api-key"
    """By a key of their own; every use is noted in its `lastUsed`."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who opens documents and changes none. Instants are seconds since 1970."""

    user_id: str
    last_visit: int
    """The newest visit before the world begins."""
    every: int
    """Seconds from one visit to the next."""
    signed_in: int | None = None
    """When the session of that visit began."""
    door: Door = Door.SESSION
    until: int | None = None
    """No visit after this instant; None: they keep coming."""

    def visits(self, after: int, until: int) -> Iterator[int]:
        """List the visits after one instant and up to another."""
        last = until if self.until is None else min(until, self.until)
        gone = max(0, after - self.last_visit) // self.every
        visit = self.last_visit + gone * self.every
        while visit <= last:
            if visit > after:
                yield visit
            visit += self.every


class Sessions:
    """Which sign-ins may still be sessions."""

    def __init__(self, minutes: int | None) -> None:
        """`minutes`: how long a session lives; None: until its sign-in event is deleted."""
        self.minutes = minutes
        self._ended: dict[str, int] = {}
        self._all_ended = 0

    def set_minutes(self, minutes: int | None, *, now: int) -> None:
        """Change the setting; saving a positive lifetime ends every session (`Index += 1`)."""
        self.minutes = minutes
        if minutes is not None:
            self._all_ended = now

    def end_all_of(self, user_id: str, *, now: int) -> None:
        """End every session of a person."""
        self._ended[user_id] = now

    def ended_at(self, user_id: str) -> int | None:
        """Return when a person's sessions were last ended, by an act that ended all of them."""
        return max(self._all_ended, self._ended.get(user_id, 0)) or None

    def is_alive(self, user_id: str, signed_in: int, *, at: int, kept_days: int) -> bool:
        """Return whether a session that began at `signed_in` is accepted at `at`."""
        if signed_in <= max(self._all_ended, self._ended.get(user_id, 0)) <= at:
            return False
        if self.minutes is not None and at >= signed_in + self.minutes * 60:
            return False
        return at < signed_in + kept_days * DAY
