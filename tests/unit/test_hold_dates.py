from datetime import timedelta

import pytest

from lastseen.hold_dates import hold_clears_at
from lastseen.model.contractor import Contractor, Profile, UserId
from lastseen.model.decision import Decision, Reason, Verdict
from lastseen.model.instant import Instant, parse_instant
from lastseen.model.plan import Policy
from lastseen.model.sighting import EvidenceKind, Sighting, UnrecognisedEvent
from lastseen.open_sessions import OpenSession
from lastseen.policy import decide
from lastseen.subject import PersonEvidence, Subject

NOW = parse_instant("2026-11-25T12:00:00Z")
WHO = UserId("5f7a3c1e-0000-4000-8000-000000000001")
DAY = timedelta(days=1)
STRANGE = UnrecognisedEvent(user_id=WHO, at=Instant(NOW - 3 * DAY), event_id=2, action_id=77)


def at(days: float) -> Instant:
    return Instant(NOW + days * DAY)


REGISTERED = at(-300)
POLICY = Policy()


def somebody(registered: Instant | None = REGISTERED) -> Subject:
    profile = Profile(id=WHO, email="a@example.com", registered_at=registered)
    return Subject(contractor=Contractor(id=WHO), profile=profile)


def decided(evidence: PersonEvidence, now: Instant = NOW, policy: Policy = POLICY) -> Decision:
    return decide(somebody(), evidence, policy=policy, now=now)


@pytest.mark.parametrize(
    "evidence",
    [
        PersonEvidence(unrecognised=STRANGE, proven_since=at(-200)),
        PersonEvidence(proven_since=at(-7)),
        PersonEvidence(proven_since=at(-7), pause="The log had stopped."),
        PersonEvidence(proven_since=at(-7), key_used_at=at(-60)),
    ],
    ids=["unrecognised", "not-covered", "pause", "key"],
)
def test_the_date_stays_from_day_to_day_and_becomes_true(evidence: PersonEvidence):
    first = decided(evidence)
    assert first.decision is Verdict.HOLD
    assert first.clears_at is not None
    day_before = Instant(first.clears_at - DAY)
    assert decided(evidence, at(1)).clears_at == first.clears_at
    assert decided(evidence, day_before).decision is Verdict.HOLD
    assert decided(evidence, day_before).clears_at == first.clears_at
    assert decided(evidence, first.clears_at).decision is Verdict.DISABLE


def test_an_open_session_clears_when_it_no_longer_counts():
    held = decided(
        PersonEvidence(proven_since=at(-200), sessions=(OpenSession(until=at(-10)),)),
        policy=Policy(open_sessions="hold"),
    )
    assert (held.reason, held.clears_at) == (Reason.SESSION_MAY_BE_OPEN, at(20))
    assert held.clears_at is not None
    assert f"{held.clears_at:%Y-%m-%d}" in held.explanation


def test_somebody_signed_out_is_decided_when_the_time_to_return_is_over():
    ended = OpenSession(until=at(-10), was_ended=True)
    held = decided(
        PersonEvidence(proven_since=at(-200), sessions=(ended,)),
        policy=Policy(open_sessions="sign-out"),
    )
    assert held.clears_at == held.return_until == at(20)


def test_people_never_seen_whom_the_policy_keeps_are_held_for_the_whole_lookback():
    policy = Policy(never_seen="keep", lookback_days=90)
    evidence = PersonEvidence(proven_since=at(-40))
    held = decided(evidence, policy=policy)
    assert (held.decision, held.clears_at) == (Verdict.HOLD, at(50))
    assert decided(evidence, at(50), policy).decision is Verdict.KEEP


@pytest.mark.parametrize(
    "evidence",
    [
        PersonEvidence(),
        PersonEvidence(proven_since=at(-7), silence="The log has stopped."),
        PersonEvidence(
            proven_since=at(-7),
            sighting=Sighting(
                user_id=WHO, at=at(3), kind=EvidenceKind.SIGN_IN, event_id=1, action_id=1000
            ),
        ),
        PersonEvidence(proven_since=at(-200), sessions=(OpenSession(until=None),)),
    ],
    ids=["nothing-known", "silent-log", "dated-ahead", "application"],
)
def test_a_hold_that_time_does_not_clear_has_no_date(evidence: PersonEvidence):
    held = decided(evidence, policy=Policy(open_sessions="hold"))
    assert (held.decision, held.clears_at) == (Verdict.HOLD, None)


def test_no_date_is_given_where_the_account_has_no_age_or_the_clocks_differ():
    evidence = PersonEvidence(proven_since=at(-7))
    reason = Reason.EVIDENCE_INCOMPLETE
    ageless = somebody(registered=None)
    assert hold_clears_at(ageless, evidence, reason, policy=Policy(), now=NOW) is None
    untrusted = decide(somebody(), evidence, policy=Policy(), now=NOW, clock_trusted=False)
    assert (untrusted.reason, untrusted.clears_at) == (reason, None)


def test_nobody_but_people_on_hold_has_a_date():
    kept = decided(PersonEvidence(key_used_at=at(-1), proven_since=at(-7)))
    assert (kept.decision, kept.clears_at) == (Verdict.KEEP, None)
