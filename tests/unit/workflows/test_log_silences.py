"""By which limit a pause is too long: that of the guardrails, or the whole of a shorter window."""

from datetime import timedelta

import pytest

from lastseen.evidence.proof.log_silence import Silence
from lastseen.model.guardrails import ANY_SILENCE, silence_limit
from lastseen.model.instant import Instant, Interval, parse_instant
from lastseen.model.plan import Cohort, Policy
from lastseen.model.sighting import EvidenceKind
from lastseen.workflows.log_silences import (
    LogSilences,
    limits_of,
    paused_in_words,
    resumed_at,
    stopped_in_words,
)

NOW = parse_instant("2026-11-25T12:00:00Z")
SIGN_IN, ACTIVITY = EvidenceKind.SIGN_IN, EvidenceKind.ACTIVITY


def ago(days: float) -> Instant:
    return Instant(NOW - timedelta(days=days))


@pytest.mark.parametrize(
    ("configured", "window", "limit"),
    [(7, 30, 7), (7, 7, 7), (7, 3, 3), (60, 30, 30), (ANY_SILENCE, 30, ANY_SILENCE)],
)
def test_no_log_may_be_empty_for_a_whole_window_unless_that_is_switched_off(
    configured: float, window: int, limit: float
) -> None:
    assert silence_limit(configured, window) == limit


def test_each_length_of_window_has_its_limit() -> None:
    cohorts = (
        Cohort(name="quick", kind="q", inactive_days=3),
        Cohort(name="slow", kind="s", inactive_days=90),
        Cohort(name="same", kind="t"),
    )
    policy = Policy(inactive_days=30, cohorts=cohorts)
    assert limits_of(policy, 7) == (7, 3)
    assert limits_of(policy, 60) == (60, 30, 3)
    assert limits_of(policy, ANY_SILENCE) == (ANY_SILENCE,)


def test_a_silence_matters_to_the_windows_that_it_fills() -> None:
    short = Silence(since=ago(4))
    found = LogSilences(
        log_silence_days=7,
        counted=(SIGN_IN,),
        by_limit={7: {SIGN_IN: Silence(), ACTIVITY: Silence()}, 3: {SIGN_IN: short}},
    )
    assert "has no entry by anybody since 2026-11-21" in (stopped_in_words(found.within(3)) or "")
    assert stopped_in_words(found.within(30)) is None
    assert found.of(SIGN_IN) == Silence()


def test_only_logs_that_decide_hold_anybody() -> None:
    stopped = Silence(since=ago(20))
    found = LogSilences(
        log_silence_days=7,
        counted=(SIGN_IN,),
        by_limit={7: {SIGN_IN: Silence(), ACTIVITY: stopped}},
    )
    assert stopped_in_words(found.within(30)) is None
    assert found.of(ACTIVITY) == stopped


def test_a_pause_that_is_over_says_when_and_from_when_on_absence_counts() -> None:
    paused = {ACTIVITY: Silence(pauses=(Interval(ago(20), ago(9)), Interval(ago(60), ago(50))))}
    assert "from 2026-11-05 to 2026-11-16" in (paused_in_words(paused) or "")
    assert resumed_at(paused.values(), NOW) == ago(9)
    assert paused_in_words({ACTIVITY: Silence()}) is None


def test_where_nothing_was_looked_for_nothing_is_said() -> None:
    nothing = LogSilences(log_silence_days=7)
    assert nothing.within(30) == {}
    assert nothing.of(SIGN_IN) == Silence()
