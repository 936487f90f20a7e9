"""Clocks that are wrong, ahead, or turned back: what the campaign of safety found about them."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import msgspec

from campaigns.safety.cases import DAY, Case, Crowd, Happening, Review, Rules, Tie, Wait
from lastseen.docspace.http.request import Request, Response
from tests.campaigns.regressions.portals import (
    HOUR,
    MINUTE,
    Watched,
    person,
    ruled,
    signs_in,
    works,
)

SIGN_INS_ONLY = Rules(evidence=("sign-in",))


def test_a_date_header_ahead_of_time_covers_nothing_that_is_still_to_come(tmp_path: Path) -> None:
    # Given a busy portal, one answer of which carries a Date two hours ahead
    case = Case(
        seed=1,
        people=(person(1, *signs_in(90 * DAY, -30 * MINUTE)),),
        crowd=Crowd(sign_ins=300, days=40, a_day=6_000),
        rules=SIGN_INS_ONLY,
    )
    watched = Watched(case, tmp_path)

    def two_hours_ahead(_: int, request: Request, response: Response) -> Response:
        if "login" not in request.path:
            return response
        ahead = datetime.fromtimestamp(watched.setting.time.now(), UTC) + timedelta(hours=2)
        headers = {**response.headers, "Date": format_datetime(ahead, usegmt=True)}
        return msgspec.structs.replace(response, headers=headers)

    # When it is reviewed, and again after somebody came back and a hundred others after them
    assert watched.review(two_hours_ahead) == {1: "hold"}
    watched.wait(HOUR)
    # Then the second review has read what happened meanwhile
    assert watched.review() == {1: "keep"}


def test_what_a_portal_whose_clock_is_ahead_has_deleted_is_not_absence(tmp_path: Path) -> None:
    # Given a log that is kept just for the window, and a portal two minutes ahead, by whose clock
    # a sign-in is older than that and by the machine's is not
    case = Case(
        seed=1,
        people=(person(1, *signs_in(30 * DAY + MINUTE)),),
        crowd=Crowd(sign_ins=300, days=30),
        sign_in_days=30,
        machine_ahead=-120.0,
        rules=SIGN_INS_ONLY,
    )
    assert ruled(case, tmp_path) == {1: "hold"}


def test_entries_dated_ahead_of_the_clock_prove_nothing_of_the_time_until_then(
    tmp_path: Path,
) -> None:
    # Given more entries than a page holds, dated up to an hour ahead
    case = Case(
        seed=1,
        people=(person(1, *signs_in(90 * DAY, -2 * MINUTE)),),
        crowd=Crowd(sign_ins=300, days=60, ahead=150),
        rules=SIGN_INS_ONLY,
        steps=(Review(), Wait(seconds=5 * MINUTE), Review()),
    )
    # When somebody comes back within that hour, then the next review sees it
    assert ruled(case, tmp_path, review=1) == {1: "keep"}


def test_many_sign_ins_of_one_second_in_the_hour_that_a_night_has_twice_are_readable(
    tmp_path: Path,
) -> None:
    # Given a page on which the second pass of that hour stands above a crowd in the first
    second_pass = int(datetime(2026, 11, 1, 6, 0, 20, tzinfo=UTC).timestamp())
    case = Case(
        seed=1,
        start=second_pass + HOUR,
        zone="America/New_York",
        people=(
            person(1, Happening(log="sign-in", age=HOUR, action=1029)),
            person(2, *signs_in(90 * DAY)),
        ),
        ties=(Tie(log="sign-in", age=HOUR + 21, size=30),),
        crowd=Crowd(sign_ins=200, days=100),
    )
    assert ruled(case, tmp_path) == {1: "keep", 2: "disable"}


def test_work_of_that_hour_that_is_written_late_leaves_the_trail_readable(tmp_path: Path) -> None:
    # Given work in the first pass of that hour that gets its id after work in the second
    second_pass = int(datetime(2026, 11, 1, 6, 0, 20, tzinfo=UTC).timestamp())
    work = Happening(log="trail", age=25 * MINUTE, action=5064, written_after=30 * MINUTE)
    case = Case(
        seed=1,
        start=second_pass + 5 * MINUTE,
        zone="America/New_York",
        people=(
            person(1, work),
            person(2, *works(5 * MINUTE), *signs_in(90 * DAY)),
            person(3, *signs_in(90 * DAY)),
        ),
        steps=(Wait(seconds=HOUR), Review()),
    )
    assert ruled(case, tmp_path) == {1: "keep", 2: "keep", 3: "disable"}
