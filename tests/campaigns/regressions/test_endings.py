"""Where a log ends, and where a reading does: what the campaign of safety found about both."""

from pathlib import Path

import msgspec
import pytest

from campaigns.safety.cases import DAY, MODES, Case, Crowd, Mode, Rules, Tie
from lastseen.docspace.http.request import Request, Response
from tests.campaigns.regressions.portals import (
    EMPTY,
    SIGN_INS,
    Watched,
    person,
    ruled,
    signs_in,
    with_body,
)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sign_ins", [0, 1, 2, 5])
def test_reading_a_log_that_ends_inside_the_window_comes_to_an_end(
    tmp_path: Path, mode: Mode, sign_ins: int
) -> None:
    case = Case(
        seed=1,
        mode=mode,
        people=(person(1),),
        crowd=Crowd(sign_ins=sign_ins, days=5),
        sign_in_days=7,
        trail_days=7,
    )
    watched = Watched(case, tmp_path)
    assert watched.review() == {1: "hold"}
    assert watched.requests < 60


def test_a_crowd_of_one_second_at_the_end_of_a_log_is_not_read_for_ever(tmp_path: Path) -> None:
    case = Case(
        seed=1,
        people=(person(1),),
        crowd=Crowd(sign_ins=80, days=10),
        ties=(Tie(log="sign-in", age=20 * DAY, size=250),),
    )
    watched = Watched(case, tmp_path)
    assert watched.review()[1] in {"hold", "disable"}
    assert watched.requests < 400


def test_a_crowd_of_one_second_on_two_short_pages_does_not_contradict_itself(
    tmp_path: Path,
) -> None:
    # Given a second that begins on a full page and ends on the last one, a short one
    case = Case(
        seed=1,
        people=(person(1),),
        crowd=Crowd(sign_ins=70, days=10),
        ties=(Tie(log="sign-in", age=20 * DAY, size=60), Tie(log="trail", age=DAY, size=3)),
    )
    assert ruled(case, tmp_path) == {1: "disable"}


@pytest.mark.parametrize("events", [1, 5, 19])
def test_fewer_than_twenty_entries_are_all_there_are_without_the_audit_option(
    tmp_path: Path, events: int
) -> None:
    case = Case(
        seed=1,
        mode="ignored",
        people=(person(1, *signs_in(60 * DAY)),),
        ties=(Tie(log="sign-in", age=2 * DAY, size=events - 1),),
    )
    assert ruled(case, tmp_path) == {1: "disable"}


def test_a_portal_that_ignores_places_is_given_up_and_proves_nothing(tmp_path: Path) -> None:
    # Given a portal that ignores everything, whose very first answer was empty
    case = Case(
        seed=1,
        mode="ignored",
        people=(person(1, *signs_in(20 * DAY)),),
        crowd=Crowd(sign_ins=60, days=10, trail=60),
    )
    watched = Watched(case, tmp_path)
    answers = 0

    def first_is_empty(_: int, request: Request, response: Response) -> Response:
        nonlocal answers
        if not request.path.endswith(SIGN_INS):
            return response
        answers += 1
        return with_body(response, EMPTY) if answers == 1 else response

    assert watched.review(first_is_empty) == {1: "hold"}
    assert watched.requests < 150


def test_less_of_the_same_newest_entries_is_not_the_end_of_a_log(tmp_path: Path) -> None:
    # Given the same portal, of whose answers at later places the newest entries are missing
    case = Case(
        seed=1,
        mode="ignored",
        people=(person(1, *signs_in(20 * DAY)),),
        crowd=Crowd(sign_ins=60, days=10),
        rules=Rules(evidence=("sign-in",)),
    )
    answers = 0

    def lossy(_: int, request: Request, response: Response) -> Response:
        nonlocal answers
        if not request.path.endswith(SIGN_INS):
            return response
        answers += 1
        if answers == 1:
            return with_body(response, EMPTY)
        return (
            _without_the_first(response) if ("startIndex", "0") not in request.query else response
        )

    assert Watched(case, tmp_path).review(lossy) == {1: "hold"}


def _without_the_first(response: Response) -> Response:
    document = msgspec.json.decode(response.body)
    document["response"] = document["response"][5:]
    document["count"] = len(document["response"])
    return with_body(response, msgspec.json.encode(document))


def test_a_sighting_that_does_not_count_does_not_end_the_search_for_one_that_does(
    tmp_path: Path,
) -> None:
    # Given a policy of activity alone, and somebody who signed in and never worked
    case = Case(
        seed=1,
        mode="before-window",
        people=(person(1, *signs_in(3 * DAY)),),
        crowd=Crowd(sign_ins=5, trail=2_400, days=40),
        rules=Rules(inactive_days=7, lookback_days=60, never_seen="keep", evidence=("activity",)),
    )
    # Then it is looked as far back as the policy wants to know
    assert ruled(case, tmp_path) == {1: "keep"}
