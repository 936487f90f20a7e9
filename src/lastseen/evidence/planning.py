"""Which way of asking costs fewer requests: the log as a stream, or person by person.

Pure: it reckons with what has been seen so far and knows nothing of the portal.
"""

from collections import deque
from collections.abc import Iterable

from lastseen.instant import EPOCH, Instant

PAGE = 100
"""Events on a full page (SecurityController.cs: `count` is 1 to 100)."""

STEP = PAGE - 1
"""New events that a page brings when it overlaps with the one before."""

RECENT_PAGES = 8
"""Over how many pages the rate of new faces is taken."""


class Watch:
    """The people still looked for, and how quickly a stream is finding them."""

    def __init__(self, people: Iterable[str], *, since: Instant = EPOCH) -> None:
        """`people`: ids of those looked for; a sighting before `since` doesn't find anybody."""
        self.since = since
        self.missing = set(people)
        self.pages = 0
        self._found: deque[int] = deque(maxlen=RECENT_PAGES)

    def page(self, met: Iterable[str]) -> None:
        """Take note of a page on which `met` were seen for the first time."""
        before = len(self.missing)
        self.missing.difference_update(met)
        self._found.append(before - len(self.missing))
        self.pages += 1

    @property
    def rate(self) -> float:
        """People found a page, of late; 0 before the first page."""
        return sum(self._found) / len(self._found) if self._found else 0.0

    def pages_ahead(self) -> int:
        """How many pages may be asked for at once without risk that most come for nothing.

        While many are missing and few are found on a page the end is far.
        """
        if not self.missing:
            return 1
        return max(1, int(len(self.missing) / (2 * max(1.0, self.rate))))


def leave_stream(watch: Watch, pages_left: float) -> bool:
    """Say whether asking for the missing one by one is now cheaper than reading on.

    `pages_left`: the stream's pages from here to its end. Reading on pays as long as a page finds
    at least one person, or where the rest of the stream is shorter than the list of the missing.
    """
    if watch.pages < 1:
        return False
    return len(watch.missing) <= pages_left and watch.rate < 1.0


def as_stream(people: int, pages: float) -> bool:
    """Say whether a stream of `pages` costs fewer requests than one request a person."""
    return pages < people


def pages_of(events: float) -> float:
    """Return how many pages bring `events`."""
    return max(0.0, events) / STEP
