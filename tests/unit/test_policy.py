"""The rules of deciding, against a second, independent reading of them."""

from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from lastseen.model.contractor import AccountStatus, AccountType, Contractor, Profile, UserId
from lastseen.model.decision import Reason, SeenBy, Verdict, idle_for_longer
from lastseen.model.instant import Instant, parse_instant
from lastseen.model.plan import Policy
from lastseen.model.sighting import (
    ANONYMOUS,
    EvidenceKind,
    FailedSignIns,
    Sighting,
    UnrecognisedEvent,
)
from lastseen.open_sessions import OpenSession
from lastseen.policy import decide, required_since
from lastseen.subject import PersonEvidence, Subject

NOW = parse_instant("2026-11-25T12:00:00Z")
WHO = UserId("5f7a3c1e-0000-4000-8000-000000000001")
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def ago(span: timedelta) -> Instant:
    return Instant(NOW - span)


def person(**changes: object) -> Subject:
    profile = {"id": WHO, "email": "a@example.com", "registered_at": ago(300 * DAY), **changes}
    return Subject(
        contractor=Contractor(id=WHO),
        profile=Profile(**profile),  # type: ignore[arg-type]
    )


def seen(at: Instant, kind: EvidenceKind = EvidenceKind.SIGN_IN) -> Sighting:
    return Sighting(user_id=WHO, at=at, kind=kind, event_id=1, action_id=1000)


def whole(sighting: Sighting | None = None, **more: Any) -> PersonEvidence:
    return PersonEvidence(sighting=sighting, proven_since=ago(200 * DAY), **more)


def verdict(
    subject: Subject, evidence: PersonEvidence, policy: Policy | None = None
) -> tuple[Verdict, Reason]:
    decision = decide(subject, evidence, policy=policy or Policy(), now=NOW)
    return decision.decision, decision.reason


spans = st.builds(
    lambda days, seconds: max(timedelta(0), days * DAY + seconds * SECOND),
    st.integers(0, 100),
    st.sampled_from([0, -1, 1, 40_000]),
)
"""Whole days, and a second beside: where rules change their mind."""


@settings(max_examples=250)
@given(
    st.none() | spans,
    st.none() | spans,
    st.none() | spans,
    spans,
    st.sampled_from([1, 7, 30, 31, 90]),
    st.sampled_from(["grace", "disable", "keep"]),
)
def test_nobody_is_disabled_who_may_have_been_there_inside_the_window(
    last: timedelta | None,
    strange: timedelta | None,
    proven: timedelta | None,
    registered: timedelta,
    inactive_days: int,
    never_seen: str,
) -> None:
    window = inactive_days * DAY
    evidence = PersonEvidence(
        sighting=seen(ago(last)) if last is not None else None,
        unrecognised=UnrecognisedEvent(user_id=WHO, at=ago(strange), event_id=2, action_id=77)
        if strange is not None
        else None,
        proven_since=ago(proven) if proven is not None else None,
    )
    policy = Policy(inactive_days=inactive_days, never_seen=never_seen)  # type: ignore[arg-type]
    ruling, reason = verdict(person(registered_at=ago(registered)), evidence, policy)
    seen_inside = last is not None and last < window
    strange_inside = strange is not None and strange < window
    # An entry exactly as old as the window does not count, so the second after it begins the proof.
    proven_inside = proven is not None and (proven >= window - SECOND or proven >= registered)
    if ruling is Verdict.DISABLE:
        assert not seen_inside
        assert not strange_inside
        assert proven_inside
        assert registered >= window or never_seen == "disable"
        assert never_seen != "keep" or last is not None
    if seen_inside:
        assert (ruling, reason) == (Verdict.KEEP, Reason.ACTIVE)


@settings(max_examples=250)
@given(
    st.none() | spans,
    st.none() | spans,
    st.none() | spans,
    st.sampled_from(list(AccountStatus)),
    st.none() | st.sampled_from(["exempt", "ended"]),
    st.booleans(),
)
def test_whom_presence_alone_keeps_is_decided_alike_whatever_else_is_known(
    last: timedelta | None,
    used: timedelta | None,
    set_at: timedelta | None,
    status: AccountStatus,
    case: str | None,
    incomplete: bool,
) -> None:
    """A review leaves out what does not matter then: proofs, sessions, silences."""
    subject = structs.replace(
        person(status=status),
        exemption="on leave" if case == "exempt" else None,
        contractor=Contractor(id=WHO, end_date=date(2026, 1, 1) if case == "ended" else None),
    )
    presence = PersonEvidence(
        sighting=seen(ago(last)) if last is not None else None,
        key_used_at=ago(used) if used is not None else None,
        status_set_at=ago(set_at) if set_at is not None else None,
        failed=FailedSignIns(count=3),
    )
    everything = structs.replace(
        presence,
        unrecognised=UnrecognisedEvent(user_id=WHO, at=ago(DAY), event_id=2, action_id=77),
        proven_since=None if incomplete else ago(200 * DAY),
        reaches_beginning=not incomplete,
        invited_at=ago(2 * DAY),
        sessions=(OpenSession(until=None),),
        sessions_can_be_ended=False,
        silence="the log has stopped",
        pause="the log had stopped",
    )
    for policy in (Policy(), Policy(open_sessions="hold", contract_end="disable")):
        decision = decide(subject, presence, policy=policy, now=NOW)
        if decision.reason is Reason.ACTIVE:
            assert decide(subject, everything, policy=policy, now=NOW) == decision


@given(spans, spans, st.sampled_from(["grace", "disable", "keep"]))
def test_nobody_is_held_whose_evidence_is_whole(
    last: timedelta, registered: timedelta, never_seen: str
) -> None:
    policy = Policy(never_seen=never_seen)  # type: ignore[arg-type]
    for evidence in (whole(), whole(seen(ago(last)))):
        assert verdict(person(registered_at=ago(registered)), evidence, policy)[0] in (
            Verdict.KEEP,
            Verdict.DISABLE,
        )


def test_thirty_days_to_the_second_are_too_long_and_a_second_less_is_not() -> None:
    assert verdict(person(), whole(seen(ago(30 * DAY)))) == (Verdict.DISABLE, Reason.INACTIVE)
    assert verdict(person(), whole(seen(ago(30 * DAY - SECOND)))) == (Verdict.KEEP, Reason.ACTIVE)


def test_one_sighting_is_enough_to_keep_without_complete_evidence() -> None:
    evidence = PersonEvidence(sighting=seen(ago(DAY)), proven_since=None)
    assert verdict(person(), evidence) == (Verdict.KEEP, Reason.ACTIVE)


def test_absence_without_complete_evidence_is_on_hold() -> None:
    evidence = PersonEvidence(sighting=None, proven_since=ago(29 * DAY))
    assert verdict(person(), evidence) == (Verdict.HOLD, Reason.EVIDENCE_INCOMPLETE)


def test_evidence_since_registration_is_enough_for_a_young_account() -> None:
    young = person(registered_at=ago(10 * DAY))
    evidence = PersonEvidence(proven_since=ago(11 * DAY))
    policy = Policy(never_seen="disable")
    assert verdict(young, evidence, policy) == (Verdict.DISABLE, Reason.NEVER_SEEN)


def test_never_seen_is_said_only_where_the_whole_lookback_is_known() -> None:
    window_only = PersonEvidence(proven_since=ago(40 * DAY))
    assert verdict(person(), whole()) == (Verdict.DISABLE, Reason.NEVER_SEEN)
    assert verdict(person(), window_only) == (Verdict.DISABLE, Reason.INACTIVE)
    keeping = Policy(never_seen="keep")
    assert verdict(person(), whole(), keeping) == (Verdict.KEEP, Reason.NEVER_SEEN)
    assert verdict(person(), window_only, keeping)[0] is Verdict.HOLD


def test_never_seen_reaches_as_far_back_as_the_portal_keeps_its_logs() -> None:
    # Given logs that are kept, and known, for less than the lookback
    edge = ago(100 * DAY)
    evidence = PersonEvidence(proven_since=edge, reaches_beginning=True)
    decision = decide(person(), evidence, policy=Policy(), now=NOW)
    assert (decision.decision, decision.reason) == (Verdict.DISABLE, Reason.NEVER_SEEN)
    assert f"since {edge.date()}, when the portal's log begins" in decision.explanation
    kept = decide(person(), evidence, policy=Policy(never_seen="keep"), now=NOW)
    assert (kept.decision, kept.reason) == (Verdict.KEEP, Reason.NEVER_SEEN)


def test_a_date_that_is_not_known_yet_is_not_made_up() -> None:
    # Given somebody of whom nothing was read yet but the last 60 days
    read_to = ago(60 * DAY)
    decision = decide(person(), PersonEvidence(proven_since=read_to), policy=Policy(), now=NOW)
    assert (decision.decision, decision.reason) == (Verdict.DISABLE, Reason.INACTIVE)
    assert (decision.last_seen_at, decision.last_seen_by, decision.idle_days) == (None, None, 60)
    assert f"Not seen since {read_to.date()}; older entries were not read" in decision.explanation


def test_a_sighting_behind_what_was_not_read_is_not_called_the_last() -> None:
    evidence = PersonEvidence(
        sighting=seen(ago(90 * DAY), EvidenceKind.ACTIVITY), proven_since=ago(60 * DAY)
    )
    decision = decide(person(), evidence, policy=Policy(), now=NOW)
    assert decision.decision is Verdict.DISABLE
    assert (
        f"Not seen since {ago(60 * DAY).date()} (older entries not all read)"
        in decision.explanation
    )
    known = f"newest sighting known: {ago(90 * DAY).date()} (activity), 90 days ago"
    assert known in decision.explanation
    assert "last seen" not in decision.explanation.lower()


def test_instants_in_a_sentence_are_whole_minutes_as_people_read_them() -> None:
    known = Instant(ago(10 * DAY) + timedelta(microseconds=123_456))
    decision = decide(person(), PersonEvidence(proven_since=known), policy=Policy(), now=NOW)
    assert decision.reason is Reason.EVIDENCE_INCOMPLETE
    assert f"Not seen since {known:%Y-%m-%d %H:%M} UTC" in decision.explanation


def test_nobody_counts_as_idle_for_the_time_before_the_known_part_of_the_logs() -> None:
    # Given a sighting 60 days ago, and nothing known of the 29 days after it
    evidence = PersonEvidence(sighting=seen(ago(60 * DAY)), proven_since=ago(31 * DAY))
    decision = decide(person(), evidence, policy=Policy(), now=NOW)
    assert (decision.reason, decision.idle_days) == (Reason.INACTIVE, 31)
    assert idle_for_longer(decision, NOW)


def test_a_sighting_at_the_edge_of_what_was_read_is_the_last_one() -> None:
    evidence = PersonEvidence(sighting=seen(ago(60 * DAY)), proven_since=ago(60 * DAY))
    decision = decide(person(), evidence, policy=Policy(), now=NOW)
    assert decision.idle_days == 60
    assert not idle_for_longer(decision, NOW)


def test_somebody_seen_lately_is_idle_since_then_however_little_of_the_logs_is_known() -> None:
    decision = decide(
        person(), PersonEvidence(sighting=seen(ago(5 * DAY))), policy=Policy(), now=NOW
    )
    assert (decision.reason, decision.idle_days) == (Reason.ACTIVE, 5)


def test_nobody_counts_as_idle_for_longer_than_the_logs_are_known() -> None:
    decision = decide(person(), whole(), policy=Policy(), now=NOW)
    assert (decision.reason, decision.idle_days) == (Reason.NEVER_SEEN, 200)


def test_grace_counts_from_registration_and_shows_it() -> None:
    decision = decide(person(registered_at=ago(10 * DAY)), whole(), policy=Policy(), now=NOW)
    assert decision.reason is Reason.RECENTLY_REGISTERED
    assert (decision.last_seen_by, decision.idle_days) == (SeenBy.REGISTRATION, 10)


def test_owner_administrators_directory_accounts_and_the_own_account_are_protected() -> None:
    protected = (Verdict.SKIP, Reason.PROTECTED)
    for kind in (AccountType.OWNER, AccountType.ADMINISTRATOR, AccountType.ROOM_ADMINISTRATOR):
        assert verdict(person(type=kind), whole()) == protected
    assert verdict(person(is_ldap=True), whole()) == protected
    own = Subject(profile=person().profile, is_own_account=True)
    assert verdict(own, whole()) == protected


def test_single_sign_on_does_not_protect() -> None:
    assert verdict(person(is_sso=True), whole())[0] is Verdict.DISABLE


def test_an_ended_contract_ends_access_whatever_was_seen() -> None:
    ended = Subject(
        contractor=Contractor(id=WHO, end_date=date(2026, 11, 24)), profile=person().profile
    )
    running = Subject(
        contractor=Contractor(id=WHO, end_date=date(2026, 11, 25)), profile=person().profile
    )
    active = whole(seen(ago(DAY)))
    assert verdict(ended, active) == (Verdict.DISABLE, Reason.CONTRACT_ENDED)
    assert verdict(running, active) == (Verdict.KEEP, Reason.ACTIVE)
    assert verdict(ended, active, Policy(contract_end="report")) == (Verdict.KEEP, Reason.ACTIVE)


def test_the_exempt_and_the_reinstated_are_kept() -> None:
    exempt = Subject(profile=person().profile, exemption="on leave (until 2027-01-01)")
    assert verdict(exempt, whole()) == (Verdict.KEEP, Reason.EXEMPT)
    lately = Subject(profile=person().profile, reinstated_at=ago(13 * DAY))
    long_ago = Subject(profile=person().profile, reinstated_at=ago(14 * DAY))
    assert verdict(lately, whole()) == (Verdict.KEEP, Reason.RECENTLY_REINSTATED)
    assert verdict(long_ago, whole())[0] is Verdict.DISABLE


def test_a_reinstatement_is_told_short_enough_for_both_dates_to_show_at_80_columns() -> None:
    lately = structs.replace(person(), reinstated_at=ago(DAY))
    told = decide(lately, whole(), policy=Policy(), now=NOW).explanation
    assert told == "Reinstated 2026-11-24; kept until 2026-12-08."
    assert len(f"  contractor.040@example.net · {told}") < 80


def test_a_guest_on_no_roster_is_disabled_only_where_policy_and_roster_say_so() -> None:
    stranger = {"problem": Reason.UNKNOWN_GUEST, "profile": person().profile}
    disabling = Policy(unknown_guests="disable")
    active = whole(seen(ago(DAY)))

    def ruled(policy: Policy = disabling, **changes: Any) -> Reason:
        subject = Subject(**{**stranger, "is_off_roster": True, **changes})
        return verdict(subject, active, policy)[1]

    assert ruled() is Reason.NOT_ON_ROSTER
    assert ruled(Policy()) is Reason.UNKNOWN_GUEST
    assert ruled(is_off_roster=False) is Reason.UNKNOWN_GUEST
    assert ruled(exemption="on leave") is Reason.EXEMPT
    assert ruled(reinstated_at=ago(DAY)) is Reason.RECENTLY_REINSTATED
    assert ruled(is_own_account=True) is Reason.PROTECTED
    gone = person(status=AccountStatus.TERMINATED).profile
    assert ruled(profile=gone) is Reason.ALREADY_DISABLED


def test_a_person_of_a_cohort_is_decided_by_the_policy_of_the_cohort() -> None:
    member = structs.replace(person(), cohort="auditors", policy=Policy(inactive_days=100))
    seen_lately = whole(seen(ago(50 * DAY)))

    decision = decide(member, seen_lately, policy=Policy(), now=NOW)

    assert (decision.decision, decision.cohort) == (Verdict.KEEP, "auditors")
    assert "(cohort auditors)" in decision.explanation
    assert required_since(member, Policy(), NOW) < required_since(person(), Policy(), NOW)
    assert verdict(person(), seen_lately)[0] is Verdict.DISABLE


def test_a_disabled_account_is_skipped_even_if_protected() -> None:
    gone = person(status=AccountStatus.TERMINATED, is_ldap=True)
    assert verdict(gone, whole()) == (Verdict.SKIP, Reason.ALREADY_DISABLED)


def test_clocks_that_differ_put_everyone_on_hold() -> None:
    decision = decide(
        person(), whole(seen(ago(DAY))), policy=Policy(), now=NOW, clock_trusted=False
    )
    assert decision.decision is Verdict.HOLD


def test_failed_sign_ins_are_counted_and_never_keep_anybody() -> None:
    attacked = whole(failed=FailedSignIns(count=412, last_at=ago(DAY), addresses=9))
    decision = decide(person(), attacked, policy=Policy(), now=NOW)
    assert (decision.decision, decision.failed_sign_ins) == (Verdict.DISABLE, 412)


def test_a_sign_in_in_nobodys_name_is_nobodys_whose_account_was_made_later() -> None:
    nameless = UnrecognisedEvent(user_id=ANONYMOUS, at=ago(5 * DAY), event_id=9, action_id=1029)
    policy = Policy(never_seen="disable")
    older = verdict(person(registered_at=ago(6 * DAY)), whole(unrecognised=nameless), policy)
    newer = verdict(person(registered_at=ago(4 * DAY)), whole(unrecognised=nameless), policy)
    assert older == (Verdict.HOLD, Reason.UNRECOGNISED_EVENT)
    assert newer == (Verdict.DISABLE, Reason.NEVER_SEEN)


def test_an_unknown_event_holds_only_inside_the_window() -> None:
    def strange(at: Instant) -> UnrecognisedEvent:
        return UnrecognisedEvent(user_id=WHO, at=at, event_id=9, action_id=1999)

    inside = whole(unrecognised=strange(ago(3 * DAY)))
    outside = whole(unrecognised=strange(ago(31 * DAY)))
    assert verdict(person(), inside) == (Verdict.HOLD, Reason.UNRECOGNISED_EVENT)
    assert verdict(person(), outside)[0] is Verdict.DISABLE
