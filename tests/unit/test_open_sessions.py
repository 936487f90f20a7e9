"""Who may still be signed in, and what becomes of somebody who would be disabled then."""

from datetime import UTC, datetime

import pytest

from lastseen.model.contractor import AccountStatus, Profile, UserId
from lastseen.model.decision import Decision, Reason, Verdict
from lastseen.model.instant import Instant, after, before, days
from lastseen.model.plan import Policy
from lastseen.model.sighting import EvidenceKind, Sighting
from lastseen.open_sessions import SessionLimits, SessionTrace, open_sessions, possible_sessions
from lastseen.policy import decide
from lastseen.subject import PersonEvidence, Subject

NOW = Instant(datetime(2026, 6, 15, 12, tzinfo=UTC))
WHO = UserId("00000005-0000-4000-8000-000000000000")
LONG_KNOWN = before(NOW, days(400))
UNLIMITED = SessionLimits()
A_DAY = SessionLimits(minutes=1440, limited_since=before(NOW, days(300)))


def ago(number: float) -> Instant:
    return before(NOW, days(number))


def is_open(
    trace: SessionTrace, limits: SessionLimits = UNLIMITED, return_days: int | None = None
) -> bool:
    sessions = possible_sessions(trace, limits, now=NOW)
    return bool(open_sessions(sessions, policy=Policy(return_days=return_days), now=NOW))


def trace(signed_in: float | None = 60, **more: Instant | None) -> SessionTrace:
    fields = {"known_since": LONG_KNOWN, "registered_at": ago(500), **more}
    return SessionTrace(signed_in_at=None if signed_in is None else ago(signed_in), **fields)


@pytest.mark.parametrize(("signed_in", "expected"), [(60, True), (210, True), (212, False)])
def test_an_unlimited_session_lives_until_its_sign_in_event_is_deleted(
    signed_in: float, expected: bool
) -> None:
    assert is_open(trace(signed_in)) is expected


@pytest.mark.parametrize(("signed_in", "expected"), [(30.5, True), (31.5, False)])
def test_a_limited_session_lives_as_long_as_the_limit(signed_in: float, expected: bool) -> None:
    assert is_open(trace(signed_in), A_DAY) is expected


def test_a_sign_in_that_the_log_no_longer_shows_may_have_begun_a_session() -> None:
    assert is_open(trace(None, known_since=ago(100)))
    assert not is_open(trace(None, known_since=ago(100)), A_DAY)
    assert not is_open(trace(None, known_since=ago(100), registered_at=ago(90)))
    assert is_open(trace(None, known_since=None), A_DAY)


def test_setting_a_limit_ended_every_session_before() -> None:
    limits = SessionLimits(minutes=60, limited_since=ago(20), was_set=True)
    assert is_open(trace(40), limits)
    assert not is_open(trace(40), limits, return_days=20)


def test_a_setting_that_may_be_none_ended_no_session_before_its_time() -> None:
    # Given a week's limit and a sign-in the day before an entry about the settings
    limits = SessionLimits(minutes=7 * 1440, limited_since=ago(31), was_set=True)
    assert is_open(trace(32), limits, return_days=7)
    assert not is_open(trace(38), limits, return_days=7)


@pytest.mark.parametrize(("ended", "expected"), [(29, True), (31, False)])
def test_ended_sessions_leave_the_time_to_return(ended: float, expected: bool) -> None:
    assert is_open(trace(60, ended_at=ago(ended))) is expected
    assert is_open(trace(60, ended_at=ago(ended)), return_days=60)


def test_a_sign_in_after_the_sessions_were_ended_begins_a_new_one() -> None:
    assert is_open(trace(40, ended_at=ago(50)))


def test_an_authorised_application_has_no_end() -> None:
    assert is_open(trace(300, authorised_at=ago(300), ended_at=ago(100)), A_DAY)


def decided(open_mode: str, signed_in: float = 60, **known: object) -> Decision:
    sighting = Sighting(
        user_id=WHO, at=ago(signed_in), kind=EvidenceKind.SIGN_IN, event_id=1, action_id=1029
    )
    ended = known.pop("ended_at", None)
    authorised = known.pop("authorised_at", None)
    sessions = possible_sessions(
        SessionTrace(
            signed_in_at=sighting.at,
            known_since=LONG_KNOWN,
            registered_at=ago(500),
            ended_at=ended,  # type: ignore[arg-type]
            authorised_at=authorised,  # type: ignore[arg-type]
        ),
        UNLIMITED,
        now=NOW,
    )
    evidence = PersonEvidence(
        sighting=sighting,
        proven_since=LONG_KNOWN,
        sessions=sessions,
        **known,  # type: ignore[arg-type]
    )
    profile = Profile(id=WHO, status=AccountStatus.ACTIVE, registered_at=ago(500))
    policy = Policy(open_sessions=open_mode)  # type: ignore[arg-type]
    return decide(Subject(profile=profile), evidence, policy=policy, now=NOW)


def test_report_disables_and_marks() -> None:
    decision = decided("report")
    assert (decision.decision, decision.reason) == (Verdict.DISABLE, Reason.INACTIVE)
    assert decision.session_may_be_open
    assert "reading documents leaves no trace" in decision.explanation


def test_hold_holds() -> None:
    decision = decided("hold")
    assert (decision.decision, decision.reason) == (Verdict.HOLD, Reason.SESSION_MAY_BE_OPEN)


def test_sign_out_ends_sessions_first_then_waits_then_disables() -> None:
    assert decided("sign-out").decision is Verdict.SIGN_OUT
    waiting = decided("sign-out", ended_at=ago(10))
    assert (waiting.decision, waiting.reason) == (Verdict.HOLD, Reason.SESSION_MAY_BE_OPEN)
    assert str(after(ago(10), days(30)).date()) in waiting.explanation
    assert waiting.return_until == after(ago(10), days(30))
    assert decided("sign-out", ended_at=ago(30)).decision is Verdict.DISABLE


def test_a_key_that_may_not_end_sessions_holds_and_says_which_right() -> None:
    decision = decided("sign-out", sessions_can_be_ended=False)
    assert decision.decision is Verdict.HOLD
    assert decision.return_until is None
    assert "unlimited key" in decision.explanation


@pytest.mark.parametrize("mode", ["hold", "sign-out"])
def test_an_authorised_application_is_held_whoever_is_signed_out(mode: str) -> None:
    decision = decided(mode, authorised_at=ago(60), ended_at=ago(40))
    assert (decision.decision, decision.reason) == (Verdict.HOLD, Reason.SESSION_MAY_BE_OPEN)
    assert decision.return_until is None
    assert "OAuth" in decision.explanation


@pytest.mark.parametrize("mode", ["report", "hold", "sign-out"])
def test_anyone_who_cannot_be_signed_in_is_disabled(mode: str) -> None:
    decision = decided(mode, signed_in=250)
    assert decision.decision is Verdict.DISABLE
    assert not decision.session_may_be_open
