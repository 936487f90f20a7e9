"""When a page that is shorter than asked for is believed."""

import asyncio
from datetime import timedelta

import pytest

from lastseen.docspace.interface import EventPage, EventQuery
from lastseen.evidence.proof.quorum import (
    AGREEING,
    MOST_ASKED,
    Agreed,
    agreed_page,
    agreeing_on_nothing,
)
from lastseen.model.instant import Instant, parse_instant
from lastseen.model.sighting import Event

NOW = parse_instant("2026-11-01T12:00:00Z")


def page(*hours_ago: int, start: int = 0, count: int = 100) -> EventPage:
    """Return an answer with an entry at each of so many hours ago."""
    events = [Event(id=1000 - h, at=NOW - timedelta(hours=h), user_id="a") for h in hours_ago]
    query = EventQuery(start=start, count=count)
    return EventPage(query=query, events=events, sent_at=NOW, answered_at=NOW, portal_time=NOW)


def agreed(*answers: EventPage, kept_hours: int = 1000, shows_at_most: int | None = None) -> Agreed:
    """Return what becomes of the answers, of which the last one is given from then on."""
    later = [*answers[1:]]

    def answer(query: EventQuery) -> EventPage:
        if query.start != answers[0].query.start:
            last = answers[-1].events[-1:]
            return EventPage(
                query=query, events=last, sent_at=NOW, answered_at=NOW, portal_time=NOW
            )
        return later.pop(0) if len(later) > 1 else later[0]

    async def fetch(query: EventQuery, times: int) -> list[EventPage]:
        return [answer(query) for _ in range(times)]

    return asyncio.run(
        agreed_page(
            answers[0],
            fetch,
            lambda: False,
            kept_since=lambda _: Instant(NOW - timedelta(hours=kept_hours)),
            shows_at_most=shows_at_most,
        )
    )


@pytest.mark.parametrize("start", [0, 40])
def test_answers_that_agree_are_believed(start):
    result = agreed(page(1, 2, 3, 4, start=start), page(1, 2, 3, 4, start=start))
    assert result.is_believed
    assert result.ends_log
    assert not result.contradicted
    assert len([one for one in result.answers if one.query.start == start]) == AGREEING


@pytest.mark.parametrize("start", [0, 40])
def test_entries_whose_time_is_over_may_be_gone_from_one_answer_to_the_next(start):
    # given entries that are kept for three days, and are older when they are read again
    result = agreed(page(1, 2, 3, 73, 74, start=start), page(1, 2, 3, start=start), kept_hours=72)

    # then what is left is believed, and that it is all
    assert result.is_believed
    assert result.ends_log
    assert not result.contradicted
    assert [event.id for event in result.page.events] == [999, 998, 997]


@pytest.mark.parametrize("start", [0, 40])
def test_an_entry_that_is_to_be_kept_and_is_gone_makes_the_page_doubtful(start):
    result = agreed(page(1, 2, 3, 70, start=start), page(1, 2, 3, start=start), kept_hours=72)
    assert result.contradicted
    assert not result.is_believed
    assert not result.ends_log
    assert len(result.answers) == MOST_ASKED


def test_a_portal_that_leaves_out_the_newest_of_what_is_over_is_not_believed():
    # given a portal that never shows its newest entry, and fewer of the old ones each time
    old = (73, 74, 75, 76, 77, 78)
    result = agreed(page(*old), page(*old[1:]), page(*old[2:]), page(*old[2:]), kept_hours=72)

    # then nothing is proven of the time that its answers leave out
    assert result.contradicted
    assert not result.is_believed
    assert not result.ends_log


def test_the_counting_begins_again_where_something_is_gone():
    result = agreed(
        page(1, 2, 3, 73), page(1, 2, 3, 73), page(1, 2, 3), page(1, 2, 3), kept_hours=72
    )
    assert result.is_believed
    assert len([one for one in result.answers if len(one.events) == 3]) == AGREEING


def test_what_arrives_meanwhile_is_no_contradiction():
    result = agreed(page(1, 2, 3, 4), page(0, 1, 2, 3, 4))
    assert result.is_believed
    assert not result.contradicted


def test_the_more_people_were_found_the_fewer_empty_answers_have_to_agree():
    needed = [agreeing_on_nothing(found, unsteady=False) for found in range(2_000)]
    assert needed == sorted(needed, reverse=True)
    assert needed[0] == 5
    assert needed[-1] == 2


@pytest.mark.parametrize("found", [*range(130), 500, 999, 1_000, 5_000])
def test_no_rate_of_lost_answers_hides_anyone_unnoticed_more_often_than_in_900_reviews(found):
    # Given a portal that loses each answer with the same chance
    agreeing = agreeing_on_nothing(found, unsteady=False)
    present = found + 1
    # When one person's answers are all lost, and no answer is of those found or the canary's
    hidden = max(
        present * lost**agreeing * (1 - lost) ** (found + agreeing)
        for lost in (step / 2_000 for step in range(1, 2_000))
    )
    assert hidden < 1 / 900


@pytest.mark.parametrize("found", [0, 10, 1_000])
def test_after_a_fault_no_number_of_people_found_makes_up_for_it(found):
    assert agreeing_on_nothing(found, unsteady=True) == 10


def test_a_page_with_all_that_was_asked_for_never_ends_the_log():
    assert not agreed(page(1, 2, count=2), shows_at_most=20).ends_log
    assert not agreed(page(1, 2, count=2)).ends_log


@pytest.mark.parametrize(("entries", "ends"), [(19, True), (20, False)])
def test_a_portal_that_shows_no_more_than_twenty_has_shown_all_of_fewer(entries, ends):
    answer = page(*range(1, entries + 1))
    result = agreed(answer, answer, shows_at_most=20)
    assert result.is_believed
    assert result.ends_log is ends
