"""Logs whose lifetime was once shorter: what the campaign of safety found about them."""

from pathlib import Path

import pytest

from campaigns.safety.cases import DAY, Case, Crowd, Keep, Mode, Review, Rules, Tie, Wait
from lastseen.docspace.http.request import Request, Response
from tests.campaigns.regressions.portals import (
    EMPTY,
    HOUR,
    Watched,
    person,
    ruled,
    signs_in,
    with_body,
    works,
)

SIGN_INS_ONLY = Rules(evidence=("sign-in",))


def test_a_change_of_lifetime_is_found_on_a_portal_that_ignores_what_it_is_asked(
    tmp_path: Path,
) -> None:
    # Given a log that was kept for a day until five days ago, and newer work on top of the trail
    case = Case(
        seed=1,
        mode="ignored",
        people=(person(1, *signs_in(20 * DAY)), person(2, *signs_in(DAY), *works(DAY, 2 * DAY))),
        earlier_keep=(1, 5 * DAY),
        rules=SIGN_INS_ONLY,
    )
    assert ruled(case, tmp_path) == {1: "hold", 2: "keep"}


def test_a_change_of_lifetime_behind_the_twenty_newest_entries_may_have_been(
    tmp_path: Path,
) -> None:
    case = Case(
        seed=1,
        mode="ignored",
        people=(person(1, *signs_in(20 * DAY)), person(2, *works(*range(DAY, 3 * DAY, 3600)))),
        earlier_keep=(1, 5 * DAY),
        rules=SIGN_INS_ONLY,
    )
    assert ruled(case, tmp_path)[1] == "hold"


@pytest.mark.parametrize("mode", ["ignored", "before-window", "after-window"])
def test_a_change_of_lifetime_that_the_trail_has_forgotten_may_have_been(
    tmp_path: Path, mode: Mode
) -> None:
    # Given a log that was kept for 7 days until 50 days ago, and a trail that forgets after 29
    case = Case(
        seed=1,
        mode=mode,
        people=(person(1, *signs_in(70 * DAY)),),
        trail_days=29,
        earlier_keep=(7, 50 * DAY),
        rules=Rules(evidence=("sign-in",), inactive_days=90),
    )
    assert ruled(case, tmp_path) == {1: "hold"}


def test_a_shorter_lifetime_went_on_deleting_until_another_was_seen(tmp_path: Path) -> None:
    # Given a review that saw a lifetime of 7 days, and a trail that tells of no change
    case = Case(
        seed=1,
        people=(person(1, *signs_in(90 * DAY, -15 * DAY)),),
        crowd=Crowd(sign_ins=50, days=60),
        sign_in_days=7,
        rules=SIGN_INS_ONLY,
    )
    watched = Watched(case, tmp_path)
    assert watched.review() == {1: "hold"}
    # When it stays so for 40 days, in which somebody comes and the entry is deleted again
    watched.wait(40 * DAY)
    watched.setting.portal.world.login_days = 180
    # Then what is left of the log proves no absence
    assert watched.review() == {1: "hold"}


@pytest.mark.parametrize("lies", [1, 2])
def test_an_empty_answer_about_changes_of_lifetime_is_not_believed_at_once(
    tmp_path: Path, lies: int
) -> None:
    case = Case(
        seed=1,
        people=(person(1, *signs_in(20 * DAY)),),
        crowd=Crowd(sign_ins=60, days=5),
        earlier_keep=(1, 5 * DAY),
        rules=SIGN_INS_ONLY,
    )
    left = lies

    def lying(_: int, request: Request, response: Response) -> Response:
        nonlocal left
        if ("action", "6035") in request.query and left:
            left -= 1
            return with_body(response, EMPTY)
        return response

    assert Watched(case, tmp_path).review(lying) == {1: "hold"}


def test_a_change_of_lifetime_takes_nothing_from_what_the_log_still_shows(tmp_path: Path) -> None:
    # Given a lifetime that was set lately and a short log that reaches back beyond the window
    case = Case(
        seed=1,
        people=(person(1, *signs_in(70 * DAY)), person(2, *signs_in(60 * DAY, 2 * DAY))),
        steps=(Keep(sign_in_days=180, trail_days=180), Wait(seconds=DAY), Review()),
        rules=SIGN_INS_ONLY,
    )
    assert ruled(case, tmp_path) == {1: "disable", 2: "keep"}


def test_a_gap_before_a_change_of_lifetime_is_read_again(tmp_path: Path) -> None:
    # Given a crowd of one second across two pages, before the lifetimes were last set
    case = Case(
        seed=1,
        people=(person(1, *signs_in(70 * DAY)),),
        crowd=Crowd(sign_ins=70, days=10),
        ties=(
            Tie(log="sign-in", age=20 * DAY, size=80),
            Tie(log="sign-in", age=50 * DAY, size=9),
        ),
        steps=(Keep(sign_in_days=180, trail_days=180), Wait(seconds=DAY), Review()),
        rules=SIGN_INS_ONLY,
    )
    assert ruled(case, tmp_path) == {1: "disable"}


@pytest.mark.parametrize("mode", ["before-window", "after-window"])
def test_a_session_from_before_the_log_begins_is_none_of_an_account_that_is_younger(
    tmp_path: Path, mode: Mode
) -> None:
    # Given a log that is kept for a day longer than the window, and an account made since it begins
    case = Case(
        seed=1,
        mode=mode,
        people=(person(1, registered_age=31 * DAY - HOUR), person(2, registered_age=31 * DAY)),
        crowd=Crowd(sign_ins=20_000, days=40),
        sign_in_days=31,
        rules=Rules(evidence=("sign-in",), open_sessions="hold"),
    )
    assert ruled(case, tmp_path) == {1: "disable", 2: "hold"}
