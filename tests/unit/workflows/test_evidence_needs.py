"""Which evidence decisions wait for: values in, sets of people out."""

from collections.abc import Sequence
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from lastseen.model.contractor import AccountStatus, AccountType, Contractor, Profile, UserId
from lastseen.model.decision import Reason, Verdict
from lastseen.model.instant import Instant, parse_instant
from lastseen.model.plan import Policy
from lastseen.model.sighting import EvidenceKind, Sighting
from lastseen.policy import decide
from lastseen.subject import PersonEvidence, Subject
from lastseen.workflows.evidence_needs import (
    EvidenceNeeds,
    rests_on_absence,
    undecided_without_logs,
)

NOW = parse_instant("2026-11-25T12:00:00Z")
DAY = timedelta(days=1)
YEAR = 365 * DAY
ANN, BEN = UserId("a"), UserId("b")


def ago(span: timedelta) -> Instant:
    return Instant(NOW - span)


def subject(who: UserId, **changes: object) -> Subject:
    profile = {"id": who, "email": f"{who}@x.example", "registered_at": ago(2 * YEAR), **changes}
    return Subject(contractor=Contractor(id=who), profile=Profile(**profile))  # type: ignore[arg-type]


class Logs:
    """What both logs show: sightings by person, and since when each log is known."""

    def __init__(self, **since_days: int) -> None:
        self.seen: dict[UserId, tuple[timedelta, EvidenceKind]] = {}
        self.since = {
            EvidenceKind(name.replace("_", "-")): ago(age * DAY) for name, age in since_days.items()
        }

    def __call__(self, person: UserId, kinds: Sequence[EvidenceKind]) -> PersonEvidence:
        found = self.seen.get(person)
        known = [self.since.get(kind) for kind in kinds]
        reached = [moment for moment in known if moment is not None]
        return PersonEvidence(
            sighting=None
            if found is None
            else Sighting(
                user_id=person, at=ago(found[0]), kind=found[1], event_id=1, action_id=1000
            ),
            proven_since=max(reached) if reached and len(reached) == len(known) else None,
        )


def needs(logs: Logs, *people: Subject, **rules: object) -> EvidenceNeeds:
    return EvidenceNeeds(
        undecided={p.profile.id: p for p in people if p.profile},
        known=logs,
        sighting=lambda person: logs(person, ()).sighting,
        policy=Policy(**rules),  # type: ignore[arg-type]
        now=NOW,
    )


def test_only_people_whom_nothing_but_a_log_can_decide_are_looked_for() -> None:
    subjects = [
        subject(ANN),
        subject(UserId("new"), registered_at=ago(DAY)),
        subject(UserId("owner"), type=AccountType.OWNER),
        subject(UserId("gone"), status=AccountStatus.TERMINATED),
        Subject(contractor=Contractor(id=UserId("ended"), end_date=date(2026, 1, 1))),
        Subject(contractor=Contractor(id=UserId("absent")), problem=Reason.NOT_ON_PORTAL),
    ]
    found = undecided_without_logs(subjects, policy=Policy(), now=NOW)
    assert set(found) == {ANN, "new"}


def test_the_trail_is_asked_about_those_whom_the_sign_in_log_would_disable() -> None:
    logs = Logs(sign_in=31)
    logs.seen[BEN] = (3 * DAY, EvidenceKind.SIGN_IN)
    assert needs(logs, subject(ANN), subject(BEN)).people_to_ask_the_trail(YEAR) == {ANN}


def test_the_trail_is_not_asked_where_the_sign_in_log_proves_nothing() -> None:
    assert needs(Logs(sign_in=29), subject(ANN)).people_to_ask_the_trail(YEAR) == set()


def test_the_trail_is_asked_about_everyone_where_it_is_the_only_evidence() -> None:
    found = needs(Logs(), subject(ANN), subject(BEN), evidence=("activity",))
    assert found.people_to_ask_the_trail(YEAR) == {ANN, BEN}


def test_a_short_lived_trail_is_asked_before_it_forgets() -> None:
    # Given a trail that is kept for 10 days, and a window of 30
    logs = Logs(sign_in=40)
    logs.seen[ANN] = (6 * DAY, EvidenceKind.SIGN_IN)
    logs.seen[BEN] = (4 * DAY, EvidenceKind.SIGN_IN)
    # Then those not seen for half of its lifetime are asked about
    assert needs(logs, subject(ANN), subject(BEN)).people_to_ask_the_trail(10 * DAY) == {ANN}


def test_anyone_who_was_never_seen_is_asked_about_where_the_policy_keeps_such_people() -> None:
    logs = Logs(sign_in=31)
    found = needs(logs, subject(ANN), never_seen="keep")
    assert found.people_to_ask_the_trail(YEAR) == {ANN}
    assert found.people_whose_date_decides() == {ANN}


def test_nobodys_date_decides_where_the_policy_does_not_keep_those_never_seen() -> None:
    assert needs(Logs(sign_in=31), subject(ANN)).people_whose_date_decides() == set()


def test_a_date_is_looked_up_for_those_about_to_be_disabled() -> None:
    logs = Logs(sign_in=31, activity=31)
    logs.seen[BEN] = (3 * DAY, EvidenceKind.ACTIVITY)
    assert needs(logs, subject(ANN), subject(BEN)).people_to_date() == {ANN}


def test_sign_ins_of_before_the_window_matter_where_an_open_session_does() -> None:
    logs = Logs(sign_in=31, activity=31)
    logs.seen[BEN] = (3 * DAY, EvidenceKind.ACTIVITY)
    for mode in ("hold", "sign-out"):
        found = needs(logs, subject(ANN), subject(BEN), open_sessions=mode)
        (since,) = found.people_whose_sessions_decide().values()
        assert set(found.people_whose_sessions_decide()) == {ANN}
        assert ago((30 + 181) * DAY) <= since <= ago((30 + 180) * DAY)


def test_no_session_began_before_the_account_was_made() -> None:
    logs = Logs(sign_in=50, activity=50)
    found = needs(logs, subject(ANN, registered_at=ago(50 * DAY)), open_sessions="hold")
    assert found.people_whose_sessions_decide() == {ANN: ago(50 * DAY)}


def test_open_sessions_that_are_only_reported_cost_no_reading() -> None:
    logs = Logs(sign_in=31, activity=31)
    assert needs(logs, subject(ANN)).people_whose_sessions_decide() == {}


def test_no_date_is_looked_up_before_every_log_that_counts_is_known() -> None:
    assert needs(Logs(sign_in=31), subject(ANN)).people_to_date() == set()


days = st.integers(0, 200).map(lambda n: n * DAY)


@given(
    st.dictionaries(st.sampled_from([ANN, BEN]), days),
    st.integers(0, 200),
    st.integers(1, 200),
    st.sampled_from(["grace", "disable", "keep"]),
)
def test_everyone_whom_more_evidence_could_spare_is_asked_about(
    seen: dict[UserId, timedelta], known_days: int, lifetime_days: int, never_seen: str
) -> None:
    logs = Logs(sign_in=known_days)
    logs.seen = {who: (age, EvidenceKind.SIGN_IN) for who, age in seen.items()}
    subjects = (subject(ANN), subject(BEN))
    found = needs(logs, *subjects, never_seen=never_seen)
    asked = found.people_to_ask_the_trail(lifetime_days * DAY)
    for one in subjects:
        assert one.profile
        decision = decide(
            one, logs(one.profile.id, [EvidenceKind.SIGN_IN]), policy=found.policy, now=NOW
        )
        if decision.decision is Verdict.DISABLE:
            assert one.profile.id in asked
            assert rests_on_absence(decision)
