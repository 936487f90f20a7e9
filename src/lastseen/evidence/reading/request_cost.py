"""Whether reading the log as a stream or asking person by person costs fewer requests.

Pure: it calculates from what has been seen so far and knows nothing about the portal.
"""

import math
from collections import deque
from collections.abc import Iterable

from lastseen.docspace.interface import MOST_A_PAGE
from lastseen.evidence.proof.quorum import agreeing_on_nothing
from lastseen.model.instant import DAY_SECONDS, EPOCH, WEEK_SECONDS, Instant

STEP = MOST_A_PAGE - 1
"""New events on a page that overlaps with the one before."""

BATCH = 200
"""People asked about between two checks of the canary."""

ABSENT_SHARE = 0.15
"""The expected share of people asked about for whom there are no entries."""

DATED_SHARE = 0.5
"""The share of people asked about for whom that saves asking for their date later.

Asking about somebody also gives their date; a stream that proves them absent does not.
"""

RECENT_PAGES = 8
"""How many recent pages the rate of people found is taken over."""

PEOPLE_A_PAGE_AHEAD, PEOPLE_A_PAGE_AHEAD_IN_TRAIL = 12, 8
"""Missing people per page in flight when a stream is abandoned.

Fewer in the trail: most people looked for there are not in it, so it is seldom left soon.
"""

AHEAD_IN_SHORT_TRAIL, PEOPLE_A_PAGE_AHEAD_IN_SHORT_TRAIL = 4, 3
"""So many pages of the trail are in flight also if fewer people are missing, but some for each."""

LOST_AT_LEAST, LOST_SHARE = 1, 0.005
"""How many requests a stream may lose, in all and per missing person, before it is abandoned."""

MOST_WRONG, MOST_WRONG_BY_DAYS, MOST_WRONG_BY_HOURS = 2, 8, 64
"""By which factor an estimate of a stream's length may be wrong: it rests on a week, a day or less.

A week has each hour and weekday once. A single day may be a holiday, and some hours a night in
which hardly anybody comes or a morning on which everybody does.
"""


class Search:
    """The people still missing, and how fast a stream is finding them."""

    def __init__(
        self, people: Iterable[str], *, since: Instant = EPOCH, on_newest: int | None = None
    ) -> None:
        """`people`: ids of those looked for; a sighting before `since` does not count.

        `on_newest`: how many others were looked for and seen on the log's newest page, if that was
        read just before. It tells how soon the rest will be met only if they are the fewer.
        """
        self.since = since
        self.missing = set(people)
        self.pages = 0
        self._gain = self._best_gain = 0
        is_told = on_newest is not None and on_newest >= len(self.missing)
        self._found: deque[int] = deque([on_newest or 0] if is_told else [], maxlen=RECENT_PAGES)

    def page(self, met: Iterable[str]) -> None:
        """Count a page on which `met` were seen for the first time."""
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
        """People found per page recently; 0 before the first page."""
        return sum(self._found) / len(self._found) if self._found else 0.0

    def pages_ahead(self) -> int:
        """How many pages to request at once without wasting most of them.

        While many are missing and few are found per page, the end is far. The rate is known only
        from the pages read so far, so at first there are few.
        """
        if not self.missing:
            return 1
        far = int(len(self.missing) / max(1 / RECENT_PAGES, self.rate))
        return max(1, min(far, 8 + 4 * self.pages))


def is_not_worthwhile(search: Search) -> bool:
    """Return whether continuing a stream seems to cost more than asking about those left.

    It does if its recent pages found fewer people than there were pages. Hours differ, so some
    loss is accepted first, and more if more people are missing.
    """
    return search.lost > LOST_AT_LEAST + LOST_SHARE * len(search.missing)


def pages_ahead_before_cutover(search: Search, *, is_trail: bool) -> int:
    """Return `pages_ahead` for a stream that may be abandoned: few if few people are missing.

    Pages in flight when it is abandoned are wasted.
    """
    missing = len(search.missing)
    few = min(search.pages_ahead(), max(1, missing // PEOPLE_A_PAGE_AHEAD), 8 + 2 * search.pages)
    if not is_trail:
        return few
    least = min(AHEAD_IN_SHORT_TRAIL, missing // PEOPLE_A_PAGE_AHEAD_IN_SHORT_TRAIL)
    return max(few, least, missing // PEOPLE_A_PAGE_AHEAD_IN_TRAIL)


def cost_of_asking(people: int, *, refused_pages: int, found: int) -> float:
    """Return how many requests asking about this many people one by one will take.

    An empty answer has to be confirmed by others; somebody whose password is being guessed has
    pages of refused attempts, each requested twice; and the canary is checked now and then.
    `found`: people found this way before.
    """
    absent = people * ABSENT_SHARE
    agreeing = agreeing_on_nothing(round(found + people - absent), unsteady=False)
    canary = math.ceil(people / BATCH) + agreeing if people else 0
    return people + absent * (agreeing - 1) + 2 * refused_pages + canary


def is_stream_cheapest(people: int, pages: float, *, dates_follow: bool, seconds: float) -> bool:
    """Return whether a stream surely is to be read to its end, and not to be abandoned midway.

    It is if even asking only about those who are absent costs more. `dates_follow`: whether asking
    also saves looking for their dates; the rest is as in `is_stream_cheaper`.
    """
    absent = math.ceil(ABSENT_SHARE * people)
    asking = cost_of_asking(absent, refused_pages=0, found=0)
    if dates_follow:
        asking -= cost_of_asking(math.floor(DATED_SHARE * absent), refused_pages=0, found=0)
    return is_stream_cheaper(asking, pages, seconds=seconds) is True


def is_stream_cheaper(asking: float, pages: float, *, seconds: float) -> bool | None:
    """Return whether the rest of a stream costs fewer requests than asking person by person.

    `asking` is the cost of asking; `pages` is an estimate of the stream, which rests on how many
    entries there were in `seconds`. None if an estimate that is wrong could change the answer.
    """
    wrong = _most_wrong(seconds)
    if asking > pages * wrong:
        return True
    if asking * wrong < pages:
        return False
    return None


def _most_wrong(seconds: float) -> int:
    """Return by which factor an estimate from this many seconds of a log may be wrong."""
    if seconds >= WEEK_SECONDS:
        return MOST_WRONG
    return MOST_WRONG_BY_DAYS if seconds >= DAY_SECONDS else MOST_WRONG_BY_HOURS
