"""The campaign of safety, short: generated portals on which nobody may be disabled wrongly.

The full one is `python -m campaigns.safety`; `--shrink SEED` makes a failing portal small.
"""

from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from campaigns.safety.campaign import failures_of, play_all
from campaigns.safety.cases import DAY, OPEN_SESSIONS, RELEASES, Case, Rules
from campaigns.safety.generator import draw
from campaigns.safety.judging import Decided, Fault, judge
from campaigns.safety.moment import Moment
from campaigns.safety.nameless import NAMELESS, nameless_of
from campaigns.safety.playing import play
from campaigns.safety.provable_coverage import reach
from campaigns.safety.setting import Setting
from campaigns.safety.table import SUBJECTS, written
from campaigns.safety.tallies import ALL, LASTSEEN, Column
from lastseen.evidence.accumulator import EventAccumulator
from tests.campaigns.regressions.portals import person, ruled, signs_in, works

PORTALS = 120
_WITHOUT_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)
"""A failing portal is made small by the campaign itself, which knows how, and only when asked."""


@pytest.mark.slow
def test_nobody_is_disabled_wrongly_on_a_hundred_and_twenty_portals() -> None:
    result = play_all(range(PORTALS))
    assert result.failures == []
    counts = result.counts
    # The portals are such that it could go wrong: on the same ones the sample does.
    assert counts[ALL, LASTSEEN, Column.DISABLES] > 2 * PORTALS
    assert counts[ALL, LASTSEEN, Column.THERE] > 10 * PORTALS
    for subject in SUBJECTS[1:]:
        assert counts[ALL, subject, Fault.WRONGFUL] > 2 * PORTALS
    for group in GROUPS:
        assert counts[group, LASTSEEN, Column.PORTALS], group
    assert "wrongful" in written(counts)


GROUPS = (
    *(f"open sessions: {mode}" for mode in OPEN_SESSIONS),
    *(f"release: {release}" for release in RELEASES),
    "logs: sign-in log stops",
    "logs: trail stops",
    "logs: written throughout",
    "mode: changing",
    "fault: none",
    "fault: nameless",
)


@settings(
    max_examples=40,
    phases=_WITHOUT_SHRINKING,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.integers(10_000, 2**40))
def test_nobody_is_disabled_wrongly_on_any_portal(tmp_path: Path, seed: int) -> None:
    case = draw(seed)
    assert list(failures_of(case, play(case, tmp_path))) == []


@pytest.mark.parametrize(
    "seed",
    [
        8008329,  # a trail kept for no longer than the window: sessions were not looked into
        8009404,  # two answers that both lost an invitation
        11006696,  # a trail without an entry over a window as short as its lifetime, both moving
        9002543,  # a change of lifetimes that a trail which had stopped never told
        13001450,  # the same, and a sign-out in that hour, which the trail shows an hour later
        13008867,  # a trail's newest entry in the hour that occurs twice, read again a week later
        14005446,  # a trail that stopped before it begins, so that nobody can tell
        14006848,  # reviews as far apart as the log is kept, and a recheck between
        14007558,  # time to return by the portal's clock, which is ahead of the machine's
        15002964,  # a log that had stopped, as an earlier review saw, before it now begins
        15008680,  # the person by whom filters are checked comes back just then
        16000571,  # two reviews at once of a log that had stopped: one dropped what the other knew
        16003739,  # somebody registered just after the log begins, by a machine that is ahead
        16009661,  # a sign-in log that had stopped, where only activity counts
        17003915,  # sessions that were ended while the sign-in log had stopped
        18002652,  # more entries in one second than a page shows, met by the recheck
        18003274,  # a log that falls silent by the machine's clock first
        8009505,  # somebody put back by hand, shown only after the portal's ways changed
        19007428,  # a second that nearly fills a page, met again when the log had grown
        23001933,  # sessions that may have begun in a second which no page shows whole
        23007110,  # a session ended by a new limit, and once more by an administrator
        19008048,  # a log that is written again, but has no entry yet that shows it
    ],
)
def test_what_the_campaign_once_found_does_not_come_back(tmp_path: Path, seed: int) -> None:
    case = draw(seed)
    assert list(failures_of(case, play(case, tmp_path))) == []


@pytest.mark.parametrize("what", ["reinstated", "invited", "activation-sent"])
def test_what_administrators_do_is_drawn(what: str) -> None:
    drawn = [draw(seed) for seed in range(40)]
    assert any(doing.what == what for case in drawn for one in case.people for doing in one.done)


def test_invitations_that_nobody_accepted_are_drawn_younger_and_older_than_they_live() -> None:
    drawn = [draw(seed) for seed in range(40)]
    ages = [
        one.registered_age - case.rules.pending_days * DAY
        for case in drawn
        for one in case.people
        if one.kind == "was invited and never came"
    ]
    assert min(ages) < 0 < max(ages)


def test_a_judge_that_knows_what_a_dead_log_lost_accuses_who_is_disabled_on_its_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a product that never takes a log for dead
    monkeypatch.setattr(Setting, "silence_days", property(lambda _: 36_500))
    accused = [
        line
        for seed in range(130, 260)
        if (case := draw(seed)).outages
        for line in failures_of(case, play(case, tmp_path))
    ]
    assert any("wrongful disables" in line for line in accused)
    assert any("decided though not whole" in line for line in accused)


def test_a_log_that_had_stopped_excuses_nobody_from_the_entry_that_shows_it_written_again(
    tmp_path: Path,
) -> None:
    # Given a sign-in log that is written again three hours before it shows an entry
    case = draw(19008048)
    setting = Setting(case, tmp_path)
    truths, now = setting.truths(), setting.time.now()
    known = reach(case, setting.portal, setting.course, now)
    hours = (known.sign_ins_silent_until - known.sign_ins_dead_until) / 3600
    assert known.sign_ins_silent_until == known.oldest_sign_in
    assert 2 < hours < 4
    # When somebody is held for a session that the limit has ended
    held = Decided(decision="sign-out", reason="session-may-be-open")
    moment = Moment(
        before=truths,
        after=truths,
        begun=now,
        now=now,
        provable_since=known.sign_ins_for_certain,
        knowable_since=known.sign_ins_dead_until,
        reach=known,
        disturbed=False,
        reinstated={},
    )
    # Then that is right only if the session may have begun before that entry and reach the window
    reaches_window = judge(case, case.people[0], held, moment)
    rules = msgspec.structs.replace(case.rules, inactive_days=case.rules.inactive_days - 1)
    ended_before = msgspec.structs.replace(case, rules=rules)
    assert reaches_window.fault is None
    assert judge(ended_before, case.people[0], held, moment).fault is Fault.HELD_THOUGH_WHOLE


def test_a_product_that_overlooks_sign_ins_in_nobodys_name_is_accused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = [case for case in map(draw, range(80)) if case.faults.get(NAMELESS) == 1.0]
    assert len(named) > 2
    monkeypatch.setattr(EventAccumulator, "_note_nameless", lambda _self, _events: None)
    accused = [line for case in named for line in failures_of(case, play(case, tmp_path))]
    assert any("wrongful disables" in line for line in accused)
    assert any("decided though not whole" in line for line in accused)


@pytest.mark.parametrize(
    ("age", "registered_age", "is_excused"),
    [(5 * DAY, 400 * DAY, True), (31 * DAY, 400 * DAY, False), (5 * DAY, 4 * DAY, False)],
)
def test_a_sign_in_in_nobodys_name_excuses_a_hold_only_if_it_may_be_theirs_and_in_the_window(
    tmp_path: Path, age: int, registered_age: int, is_excused: bool
) -> None:
    # Given one sign-in that names nobody, and somebody who never came
    rules = Rules(never_seen="disable")
    away = person(1, registered_age=registered_age)
    visitor = person(2, *signs_in(age), *works(60 * DAY))
    case = Case(seed=1, people=(away, visitor), faults={NAMELESS: 1.0}, rules=rules)
    setting = Setting(case, tmp_path)
    truths, now = setting.truths(), setting.time.now()
    known = reach(case, setting.portal, setting.course, now)
    moment = Moment(
        before=truths,
        after=truths,
        begun=now,
        now=now,
        provable_since=known.sign_ins,
        knowable_since=known.sign_ins,
        reach=known,
        nameless=nameless_of(setting.portal),
        asked_from=now,
        disturbed=False,
        reinstated={},
    )
    held = judge(case, away, Decided(decision="hold", reason="unrecognised-event"), moment)
    disabled = judge(case, away, Decided(decision="disable", reason="never-seen"), moment)
    assert held.fault is (None if is_excused else Fault.HELD_THOUGH_WHOLE)
    assert disabled.fault is (Fault.UNPROVEN if is_excused else None)
    assert ruled(case, tmp_path)[1] == ("hold" if is_excused else "disable")


def test_the_same_seed_gives_the_same_portal_and_the_same_end(tmp_path: Path) -> None:
    first, second = (play(draw(7), tmp_path) for _ in range(2))
    assert draw(7) == draw(7)
    assert first == second
