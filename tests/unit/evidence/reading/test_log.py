"""How far an answer speaks."""

import asyncio
from datetime import timedelta

import pytest

from lastseen.docspace.interface import EventPage, EventQuery
from lastseen.evidence.reading.log import is_right_missing
from lastseen.model.errors import PortalRefused, PortalUnreachable
from lastseen.model.instant import EPOCH, Instant
from lastseen.model.sighting import EvidenceKind
from tests.unit.evidence.fake_log import DAY, NOW, FakeLog, ago, log_of

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
LOG = log_of(FakeLog([]))
TRAIL = log_of(FakeLog([]), EvidenceKind.ACTIVITY)


def page(*, sent=NOW, answered=NOW, portal=NOW):
    return EventPage(
        query=EventQuery(), events=[], sent_at=sent, answered_at=answered, portal_time=portal
    )


def test_the_newest_stretch_stays_open_for_as_long_as_a_log_is_written_late():
    assert LOG.known_until(page()) == ago(MINUTE)
    assert TRAIL.known_until(page()) == ago(15 * MINUTE)


def test_an_answer_speaks_for_the_moment_at_which_it_was_asked_for():
    slow = page(sent=ago(10 * SECOND), portal=ago(2 * SECOND))
    assert LOG.known_until(slow) == Instant(NOW - 12 * SECOND - MINUTE)


@pytest.mark.parametrize("ahead", [SECOND, DAY])
def test_a_portal_clock_that_is_ahead_is_not_believed(ahead):
    assert LOG.known_until(page(portal=Instant(NOW + ahead))) == ago(MINUTE)


def test_without_a_date_the_clocks_may_differ():
    untold = page(portal=None)
    assert LOG.known_until(untold) == ago(6 * MINUTE)
    assert LOG.kept_since(untold) == Instant(NOW + 5 * MINUTE - 180 * DAY)


def test_the_portal_deletes_by_whichever_clock_is_ahead():
    assert LOG.kept_since(page(portal=ago(DAY))) == ago(180 * DAY)
    assert LOG.kept_since(page(portal=Instant(NOW + DAY))) == Instant(
        NOW + DAY + SECOND - 180 * DAY
    )


def test_what_was_once_deleted_is_not_proven_by_the_end_of_the_log():
    async def changed():
        return ago(40 * DAY)

    log = LOG.__class__(
        kind=EvidenceKind.SIGN_IN,
        fetch=LOG.fetch,
        shown=tuple,
        kept_for=180 * DAY,
        complete_since=changed,
    )
    view = asyncio.run(log.view_of_end(page()))
    assert view.ends_log
    assert view.floor == ago(40 * DAY)
    assert asyncio.run(LOG.view_of_end(page())).floor == max(EPOCH, ago(180 * DAY - SECOND))


@pytest.mark.parametrize(
    ("status", "missing"), [(401, True), (402, True), (403, True), (500, False)]
)
def test_only_a_refusal_of_the_key_is_a_missing_right(status, missing):
    told = {"attempted": "asking", "found": "no", "meaning": "no", "remedy": "no"}
    assert is_right_missing(PortalRefused(**told, status=status)) is (status < 500)
    assert not is_right_missing(PortalUnreachable(**told))
