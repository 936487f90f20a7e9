"""Which way costs fewer requests: reading the log as a stream, or asking person by person.

Pure: it calculates with what has been seen so far and knows nothing about the portal.
"""

import math
from collections import deque
from collections.abc import Iterable

from lastseen.evidence.proof.quorum import agreeing_on_nothing
from lastseen.model.instant import EPOCH, Instant

PAGE = 100
"""Events on a full page (SecurityController.cs: `count` is 1 to 100)."""

STEP = PAGE - 1
"""New events that a page brings when it overlaps with the one before."""

BATCH = 200
"""People asked about between two questions to the canary."""

ABSENT_SHARE = 0.15
"""The share of people asked about of whom nothing is expected to come."""

DATED_SHARE = 0.5
"""The share of people asked about for whom that saves a request later: their date is to be shown.

Whoever is asked about is dated by the same answer; whoever a stream proves absent is not.
"""

RECENT_PAGES = 8
"""Over how many pages the rate of new faces is taken."""

LOST_AT_LEAST, LOST_SHARE = 1, 0.005
"""How many requests a stream may lose, in all and for each person missing, before it is left."""

MOST_OVERRATED, MOST_UNDERRATED = 4, 16
"""By how many times a guess at a stream's length may be too long, or too short."""

MOST_WRONG = 2
"""The same of a guess that rests on whole days counted."""


class Search:
    """The people still looked for, and how quickly a stream is finding them."""

    def __init__(self, people: Iterable[str], *, since: Instant = EPOCH) -> None:
        """`people`: ids of those looked for; a sighting before `since` doesn't find anybody."""
        self.since = since
        self.missing = set(people)
        self.pages = 0
        self._gain = self._best_gain = 0
        self._found: deque[int] = deque(maxlen=RECENT_PAGES)

    def page(self, met: Iterable[str]) -> None:
        """Take note of a page on which `met` were seen for the first time."""
        before = len(self.missing)
        self.missing.difference_update(met)
        found = before - len(self.missing)
        self._found.append(found)
        self.pages += 1
        self._gain += found - 1
        self._best_gain = max(self._best_gain, self._gain)

    @property
    def lost(self) -> int:
        """Requests that the pages since the best moment cost more than they saved."""
        return self._best_gain - self._gain

    @property
    def rate(self) -> float:
        """People found a page, of late; 0 before the first page."""
        return sum(self._found) / len(self._found) if self._found else 0.0

    def pages_ahead(self) -> int:
        """How many pages may be asked for at once without risk that most come for nothing.

        While many are missing and few are found on a page the end is far. How many a page finds is
        told by the pages read so far, so at first there are few.
        """
        if not self.missing:
            return 1
        far = int(len(self.missing) / (2 * max(1.0, self.rate)))
        return max(1, min(far, 8 + 4 * self.pages))


def pays_no_longer(search: Search) -> bool:
    """Say whether to go on with a stream seems to cost more than to ask about those left.

    It does where its pages of late found fewer people than there were pages. One hour is not like
    another, so a little is lost before that is believed, the more the more there is at stake.
    """
    return search.lost > LOST_AT_LEAST + LOST_SHARE * len(search.missing)


def pages_ahead_of_leaving(search: Search) -> int:
    """Return the same for a stream that may be left: few where there are few people to ask.

    What is under way when it is left was not wanted.
    """
    return min(search.pages_ahead(), max(1, len(search.missing) // 24), 8 + 2 * search.pages)


def cost_of_asking(people: int, *, refused_pages: int, found: int) -> float:
    """Return how many requests asking about so many people one by one will take.

    An empty answer has to be confirmed by others, a person whose password others try has pages of
    refused attempts, each asked for twice, and the canary is asked now and then. `found`: people
    found in this way before.
    """
    absent = people * ABSENT_SHARE
    agreeing = agreeing_on_nothing(round(found + people - absent), unsteady=False)
    canary = math.ceil(people / BATCH) + agreeing if people else 0
    return people + absent * (agreeing - 1) + 2 * refused_pages + canary


def as_stream(asking: float, pages: float, *, counted: bool) -> bool | None:
    """Say whether the rest of a stream costs fewer requests than asking about people one by one.

    `asking` is what that takes; `pages` is a guess, `counted` whether it rests on whole days that
    were counted or only on how close together the entries lay that were seen so far: in the busiest
    hour there are some three times as many as on average, at night a fraction of it. None where an
    error would change the answer.
    """
    if asking > pages * (MOST_WRONG if counted else MOST_UNDERRATED):
        return True
    if asking * (MOST_WRONG if counted else MOST_OVERRATED) < pages:
        return False
    return None
