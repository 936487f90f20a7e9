"""People asked about one by one, and those whom only the trail shows."""

from pathlib import Path

import pytest

from campaigns.safety.campaign import failures_of
from campaigns.safety.cases import DAY, Case, Crowd, Keep, Mode, Review, Rules, Wait
from campaigns.safety.playing import play
from campaigns.safety.world import id_of
from lastseen.docspace.http.request import Request, Response
from tests.campaigns.regressions.portals import (
    EMPTY,
    Watched,
    person,
    ruled,
    signs_in,
    with_body,
    works,
)


def test_one_empty_answer_among_many_is_no_proof_of_absence(tmp_path: Path) -> None:
    # Given many people who never came, and enough others for asking to be trusted soon
    case = Case(
        seed=1,
        mode="before-window",
        people=(
            *(person(n, *(signs_in(25 * DAY) if n == 8 else ())) for n in range(40)),
            *(person(n, *signs_in(38 * DAY)) for n in range(40, 60)),
        ),
        crowd=Crowd(sign_ins=20_000, days=40),
        rules=Rules(evidence=("sign-in",), lookback_days=30),
    )
    asked = 0

    def lying(_: int, request: Request, response: Response) -> Response:
        nonlocal asked
        if ("userId", id_of(8)) in request.query:
            asked += 1
            return with_body(response, EMPTY) if asked == 1 else response
        return response

    # When the answer about somebody who came is empty, once
    found = Watched(case, tmp_path).review(lying)
    # Then they are kept all the same
    assert asked > 1
    assert found[8] == "keep"
    assert found[9] == "disable"


def test_a_portal_that_wavers_between_two_ways_of_filtering_loses_nobody(tmp_path: Path) -> None:
    ways: tuple[Mode, ...] = ("before-window", "after-window")
    for seed in range(40):
        switches = tuple((n, ways[(n * 7 + seed * n // 3 + seed) % 2]) for n in range(1, 120))
        case = Case(
            seed=seed,
            mode="before-window",
            people=(person(1, *signs_in(25 * DAY)), person(2, *signs_in(45 * DAY))),
            crowd=Crowd(sign_ins=3_000, days=60),
            rules=Rules(evidence=("sign-in",)),
            steps=(Review(switches=switches),),
        )
        assert list(failures_of(case, play(case, tmp_path))) == []


def test_anyone_who_is_seen_by_the_trail_only_is_kept_where_those_never_seen_are(
    tmp_path: Path,
) -> None:
    case = Case(
        seed=1,
        people=(person(1, *works(3 * DAY)), person(2, *works(50 * DAY)), person(3)),
        crowd=Crowd(sign_ins=300, trail=300),
        rules=Rules(never_seen="keep", lookback_days=60),
    )
    assert ruled(case, tmp_path) == {1: "keep", 2: "disable", 3: "keep"}


@pytest.mark.parametrize("mode", ["before-window", "after-window"])
def test_the_trail_alone_can_be_the_evidence(tmp_path: Path, mode: Mode) -> None:
    case = Case(
        seed=1,
        mode=mode,
        people=(person(1, *works(3 * DAY)), person(2, *signs_in(3 * DAY)), person(3)),
        crowd=Crowd(sign_ins=300, trail=300),
        rules=Rules(evidence=("activity",)),
    )
    assert ruled(case, tmp_path) == {1: "keep", 2: "disable", 3: "disable"}


def test_anyone_who_is_asked_about_after_a_change_of_lifetimes_is_looked_for_in_the_stream(
    tmp_path: Path,
) -> None:
    # Given lifetimes set five days ago, and a log that still reaches back beyond the window
    case = Case(
        seed=1,
        mode="before-window",
        people=(person(1), person(2, *signs_in(20 * DAY)), person(3, *signs_in(80 * DAY))),
        crowd=Crowd(sign_ins=1_500, days=60),
        rules=Rules(evidence=("sign-in",), lookback_days=30),
        steps=(Keep(sign_in_days=180, trail_days=180), Wait(seconds=5 * DAY), Review()),
    )
    assert ruled(case, tmp_path) == {1: "disable", 2: "keep", 3: "disable"}
