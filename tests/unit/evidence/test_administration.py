"""What administrators did: nothing that any answer showed is lost, nothing is invented."""

import asyncio
from datetime import timedelta
from typing import cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lastseen.docspace.interface import AdministrationPage, AdministrativeAct, Portal, Traffic
from lastseen.evidence.administration import (
    INVITED,
    PASSWORD_SET,
    SESSION_SETTINGS_CHANGED,
    SESSIONS_ENDED,
    STATUS_SET,
    SYSTEM,
    Administration,
    names_address,
    read_administration,
)
from lastseen.model.contractor import UserId
from lastseen.model.instant import EPOCH, Instant
from tests.unit.evidence.fake_log import ANN, BEN, CAT, DAY, NOW, ago


def act(number: int, age: timedelta, action: int = INVITED, *people: UserId) -> AdministrativeAct:
    return AdministrativeAct(
        event_id=number, at=ago(age), action_id=action, people=frozenset(people)
    )


class Trail:
    """A trail that is asked for one action at a time; `losing` says what an answer leaves out."""

    def __init__(self, *acts: AdministrativeAct, filters: bool = True) -> None:
        self.acts = sorted(acts, key=lambda one: one.at, reverse=True)
        self.filters = filters
        self.traffic = Traffic()
        self.asked: list[tuple[int, int]] = []
        self.losing: dict[int, int] = {}
        """By the number of the answer: which act it has not."""

    async def administration(
        self, action_id: int, *, since: Instant, start: int = 0
    ) -> AdministrationPage:
        lost = self.losing.get(len(self.asked))
        self.asked.append((action_id, start))
        fitting = [
            one
            for one in self.acts
            if not self.filters or (one.action_id == action_id and one.at >= since)
        ]
        page = fitting[start : start + 100] if self.filters else fitting[:20]
        kept = tuple(one for one in page if one.event_id != lost)
        return AdministrationPage(acts=kept, is_full=len(kept) >= 100, answered_at=NOW)


def read(trail: Trail, *actions: int, is_contradicted: bool = False) -> Administration:
    wanted = dict.fromkeys(actions, ago(60 * DAY))
    return asyncio.run(
        read_administration(cast("Portal", trail), wanted, is_contradicted=is_contradicted)
    )


def test_the_newest_of_somebodys_acts_counts_and_nobody_elses():
    trail = Trail(
        act(1, 9 * DAY, INVITED, ANN, BEN),
        act(2, 5 * DAY, INVITED, ANN),
        act(3, 1 * DAY, INVITED, CAT),
        act(4, 2 * DAY, SESSIONS_ENDED, ANN),
    )
    found = read(trail, INVITED, SESSIONS_ENDED)

    assert found.last_done(INVITED, ANN, NOW) == ago(5 * DAY)
    assert found.last_done(INVITED, BEN, NOW) == ago(9 * DAY)
    assert found.last_done(SESSIONS_ENDED, ANN, NOW) == ago(2 * DAY)
    assert found.last_done(SESSIONS_ENDED, BEN, NOW) is None
    assert found.last_done(STATUS_SET, ANN, NOW) is None


def test_an_act_dated_after_now_is_not_yet_done():
    found = read(Trail(act(1, -DAY, INVITED, ANN), act(2, DAY, INVITED, ANN)), INVITED)

    assert found.last_done(INVITED, ANN, NOW) == ago(DAY)


def test_an_act_that_one_answer_lost_is_still_known():
    # Given an invitation that the first answer leaves out
    trail = Trail(act(1, 9 * DAY, INVITED, ANN))
    trail.losing = {0: 1}

    assert read(trail, INVITED).last_done(INVITED, ANN, NOW) == ago(9 * DAY)


def test_a_portal_that_had_to_be_asked_again_before_may_lose_an_act_twice():
    # Given an invitation that the first two answers leave out, after requests that failed
    trail = Trail(act(1, 9 * DAY, INVITED, ANN))
    trail.losing = {0: 1, 1: 1}
    trail.traffic = Traffic(requests=9, retries=1)

    assert read(trail, INVITED).last_done(INVITED, ANN, NOW) == ago(9 * DAY)


def test_acts_beyond_the_first_page_are_read():
    trail = Trail(
        *(act(n, n * timedelta(minutes=1), INVITED, BEN) for n in range(1, 251)),
        act(999, 40 * DAY, INVITED, ANN),
    )

    assert read(trail, INVITED).last_done(INVITED, ANN, NOW) == ago(40 * DAY)


def test_however_many_were_invited_since_the_oldest_invitation_counts():
    trail = Trail(
        *(act(n, n * timedelta(minutes=1), INVITED, BEN) for n in range(1, 10_200)),
        act(99_999, 40 * DAY, INVITED, ANN),
    )

    assert read(trail, INVITED).last_done(INVITED, ANN, NOW) == ago(40 * DAY)


def test_a_portal_that_brings_one_page_for_ever_is_not_asked_for_ever():
    class Stuck(Trail):
        async def administration(
            self, action_id: int, *, since: Instant, start: int = 0
        ) -> AdministrationPage:
            return await super().administration(action_id, since=since)

    trail = Stuck(*(act(n, n * timedelta(minutes=1), INVITED, BEN) for n in range(1, 101)))

    assert len(read(trail, INVITED).acts[INVITED]) == 100
    assert len(trail.asked) <= 10


def test_a_portal_that_brings_other_actions_whatever_is_asked_invents_no_invitation():
    trail = Trail(act(1, DAY, STATUS_SET, ANN), act(2, 2 * DAY, SESSIONS_ENDED, ANN), filters=False)
    found = read(trail, INVITED, SESSIONS_ENDED)

    assert found.last_done(INVITED, ANN, NOW) is None
    assert found.last_done(SESSIONS_ENDED, ANN, NOW) == ago(2 * DAY)


SECOND = timedelta(seconds=1)


def test_disabling_a_batch_is_no_change_of_the_session_settings():
    # Given the entries that release 3.7.2 writes for each of three people disabled together
    batch = [act(n, DAY + n * SECOND, SESSION_SETTINGS_CHANGED) for n in range(1, 4)]
    found = Administration(
        acts={
            SESSION_SETTINGS_CHANGED: tuple(batch),
            STATUS_SET: (act(9, DAY, STATUS_SET, ANN, BEN, CAT),),
        }
    )

    assert found.session_settings_changed() is None


@given(people=st.integers(1, 30), spread=st.integers(0, 50), age=st.integers(2, 900))
def test_a_true_change_is_never_explained_away_by_a_batch(people, spread, age):
    # Given one change more than people were disabled, at whatever distance from the batch
    batch = [
        act(n, 1000 * SECOND + (n * spread // people) * SECOND, SESSION_SETTINGS_CHANGED)
        for n in range(people)
    ]
    changed = act(999, age * SECOND, SESSION_SETTINGS_CHANGED)
    named = [UserId(f"p{n}") for n in range(people)]
    found = Administration(
        acts={
            SESSION_SETTINGS_CHANGED: (changed, *batch),
            STATUS_SET: (act(1, 1000 * SECOND, STATUS_SET, *named),),
        }
    )

    assert found.session_settings_changed() == changed.at


def by(who: UserId, *acts: AdministrativeAct) -> tuple[AdministrativeAct, ...]:
    return tuple(msgspec.structs.replace(one, by=who) for one in acts)


def test_changing_a_password_is_no_change_of_the_session_settings():
    # Given people who changed theirs, one who deleted their own profile, and one true change
    settings = (
        *by(ANN, act(1, 9 * SECOND, SESSION_SETTINGS_CHANGED)),
        *by(BEN, act(2, DAY, SESSION_SETTINGS_CHANGED), act(3, 2 * DAY, SESSION_SETTINGS_CHANGED)),
        *by(SYSTEM, act(4, 5 * SECOND, SESSION_SETTINGS_CHANGED)),
    )
    passwords = (
        *by(ANN, act(5, 10 * SECOND, PASSWORD_SET, ANN)),
        *by(BEN, act(6, DAY + 3 * SECOND, PASSWORD_SET, BEN)),
        *by(CAT, act(7, 2 * DAY + SECOND, PASSWORD_SET, CAT)),
    )
    found = Administration(acts={SESSION_SETTINGS_CHANGED: settings, PASSWORD_SET: passwords})

    assert found.session_settings_changed() == ago(2 * DAY)


def test_an_administrator_who_changes_password_and_settings_has_changed_both():
    both = by(
        ANN, act(1, DAY, SESSION_SETTINGS_CHANGED), act(2, DAY + SECOND, SESSION_SETTINGS_CHANGED)
    )
    password = by(ANN, act(3, DAY + 2 * SECOND, PASSWORD_SET, ANN))
    found = Administration(acts={SESSION_SETTINGS_CHANGED: both, PASSWORD_SET: password})

    assert found.session_settings_changed() == ago(DAY)


def test_a_portal_that_has_left_something_out_before_is_asked_more_often():
    # Given an invitation that the first five answers leave out
    trail = Trail(act(1, 9 * DAY, INVITED, ANN))
    trail.losing = dict.fromkeys(range(5), 1)

    assert read(trail, INVITED).last_done(INVITED, ANN, NOW) is None
    trail.asked.clear()
    found = read(trail, INVITED, is_contradicted=True)
    assert found.last_done(INVITED, ANN, NOW) == ago(9 * DAY)


def test_without_the_audit_option_nothing_is_shown_before_the_newest_twenty():
    trail = Trail(*(act(n, n * DAY, STATUS_SET, BEN) for n in range(1, 30)))
    trail.filters = False

    assert read(trail, INVITED).shown_since == Instant(ago(20 * DAY) + timedelta(seconds=1))


def test_fewer_than_twenty_are_the_whole_history():
    trail = Trail(*(act(n, n * DAY, STATUS_SET, BEN) for n in range(1, 20)))
    trail.filters = False

    assert read(trail, INVITED).shown_since == EPOCH


def test_a_portal_that_filters_shows_everything():
    trail = Trail(*(act(n, n * DAY, INVITED, BEN) for n in range(1, 21)))

    assert read(trail, INVITED).shown_since == EPOCH


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Invitation sent again: ann@vendor.example", True),
        ("Einladung erneut gesendet: Ann@Vendor.example.", True),
        ("再次发送邀请\uff1aann@vendor.example", True),
        ("Invitation sent again: joann@vendor.example", False),
        ("Invitation sent again: ann@vendor.example.org", False),
        ("Invitation sent again: x.ann@vendor.example", False),
        ("Invitation sent again: ann@vendor.example-corp.org", False),
        ("Invitation sent again: ann", False),
    ],
)
def test_an_invitation_names_an_address_as_a_whole(text: str, names: bool):
    assert names_address(text, "ann@vendor.example") is names


def test_an_invitation_names_nobody_without_an_address():
    assert not names_address("Invitation sent again: ann", "ann")
    assert not names_address("Invitation sent again: ", "")
