"""What was seen is kept once, newest first, and each portal and log apart."""

import random
from datetime import timedelta
from itertools import pairwise
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lastseen.ledger import Covered, Ledger, PortalLedger, RetentionNote, open_ledger
from lastseen.model.contractor import UserId
from lastseen.model.errors import LedgerError
from lastseen.model.instant import Instant, Interval
from lastseen.model.sighting import EvidenceKind, FailedSignIns, Sighting, UnrecognisedEvent
from tests.unit.ledger.conftest import PORTAL, Tampering, TickingClock
from tests.unit.ledger.examples import (
    ANNA,
    BORIS,
    CARLA,
    failed,
    minute,
    reading,
    seen,
    stretch,
    unknown,
)

SIGN_IN, ACTIVITY = EvidenceKind.SIGN_IN, EvidenceKind.ACTIVITY


# --- sightings


def test_what_another_process_keeps_is_noticed(portal: PortalLedger, ledger_url: str):
    portal.evidence.keep(reading(sightings=(seen(ANNA, 5),)))
    assert portal.evidence.drop_damaged(SIGN_IN) is None
    assert portal.evidence.newest_sightings(SIGN_IN)[ANNA].at == minute(5)
    with open_ledger(ledger_url, clock=TickingClock()) as other:
        other.portal(PORTAL).evidence.keep(reading(sightings=(seen(ANNA, 7, event_id=2),)))
    assert portal.evidence.newest_sightings(SIGN_IN)[ANNA].at == minute(7)


def test_what_was_kept_comes_back(portal: PortalLedger):
    portal.evidence.keep(reading(sightings=(seen(ANNA, 5), seen(BORIS, 7))))
    assert portal.evidence.newest_sightings(SIGN_IN) == {
        ANNA: seen(ANNA, 5),
        BORIS: seen(BORIS, 7),
    }


def test_an_older_sighting_never_replaces_a_newer_one(portal: PortalLedger):
    portal.evidence.keep(reading(sightings=(seen(ANNA, 9, event_id=2),)))
    portal.evidence.keep(reading(sightings=(seen(ANNA, 5, event_id=1),)))
    assert portal.evidence.newest_sightings(SIGN_IN)[ANNA] == seen(ANNA, 9, event_id=2)


def test_the_newest_of_one_reading_stays_whatever_the_order(portal: PortalLedger):
    portal.evidence.keep(reading(sightings=(seen(ANNA, 5), seen(ANNA, 9), seen(ANNA, 7))))
    assert portal.evidence.newest_sightings(SIGN_IN)[ANNA].at == minute(9)


def test_the_two_logs_are_kept_apart(portal: PortalLedger):
    portal.evidence.keep(reading(sightings=(seen(ANNA, 5),)))
    portal.evidence.keep(
        reading(kind=ACTIVITY, sightings=(seen(ANNA, 9, kind=ACTIVITY),), user_id=ANNA)
    )
    assert portal.evidence.newest_sightings(SIGN_IN)[ANNA].at == minute(5)
    assert portal.evidence.newest_sightings(ACTIVITY)[ANNA].at == minute(9)


def test_portals_of_one_ledger_know_nothing_of_each_other(ledger: Ledger):
    one, other = ledger.portal(PORTAL), ledger.portal("https://other.example")
    one.evidence.keep(
        reading(
            stretch(0, 10),
            sightings=(seen(ANNA, 5),),
            failures=(failed(ANNA, 5, event_id=8),),
            unrecognised=(unknown(ANNA, 5, event_id=9),),
        )
    )
    assert other.evidence.newest_sightings(SIGN_IN) == {}
    assert other.evidence.coverage(SIGN_IN) == ()
    assert other.evidence.failed_sign_ins(minute(0)) == {}
    assert other.evidence.unrecognised(minute(0)) == {}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.builds(
            seen,
            st.sampled_from([ANNA, BORIS, CARLA]),
            st.integers(0, 5),
            event_id=st.integers(1, 9),
        ),
        max_size=12,
    ),
    st.randoms(use_true_random=False),
)
def test_sightings_may_come_in_any_order_and_any_portions(
    ledger: Ledger, sightings: list[Sighting], chance: random.Random
):
    portal = _some_portal(ledger)
    rest = list(sightings)
    chance.shuffle(rest)
    while rest:
        some = chance.randint(1, len(rest))
        portal.evidence.keep(reading(sightings=tuple(rest[:some])))
        rest = rest[some:]
    newest: dict[UserId, tuple[Instant, int]] = {}
    for one in sightings:
        newest[one.user_id] = max(newest.get(one.user_id, (one.at, 0)), (one.at, one.event_id))
    kept = portal.evidence.newest_sightings(SIGN_IN)
    assert {who: (one.at, one.event_id) for who, one in kept.items()} == newest


# --- failed sign-ins and unrecognised events


def test_a_failed_sign_in_is_never_a_sighting(portal: PortalLedger):
    portal.evidence.keep(reading(failures=(failed(ANNA, 5, event_id=8),)))
    assert portal.evidence.newest_sightings(SIGN_IN) == {}


def test_a_failed_sign_in_read_twice_counts_once(portal: PortalLedger):
    for _ in range(2):
        portal.evidence.keep(reading(failures=(failed(ANNA, 5, event_id=8),)))
    assert portal.evidence.failed_sign_ins(minute(0))[ANNA].count == 1


def test_failed_sign_ins_are_summed_up_by_person(portal: PortalLedger):
    portal.evidence.keep(
        reading(
            failures=(
                failed(ANNA, 5, event_id=1, address="192.0.2.1"),
                failed(ANNA, 6, event_id=2, address="192.0.2.1"),
                failed(ANNA, 7, event_id=3, address="192.0.2.2"),
                failed(ANNA, 4, event_id=4),
                failed(BORIS, 9, event_id=5),
            )
        )
    )
    assert portal.evidence.failed_sign_ins(minute(0)) == {
        ANNA: FailedSignIns(count=4, last_at=minute(7), addresses=2),
        BORIS: FailedSignIns(count=1, last_at=minute(9), addresses=0),
    }


def test_failed_sign_ins_before_the_instant_asked_for_are_left_out(portal: PortalLedger):
    portal.evidence.keep(
        reading(failures=(failed(ANNA, 5, event_id=1), failed(ANNA, 6, event_id=2)))
    )
    assert portal.evidence.failed_sign_ins(minute(6))[ANNA].count == 1
    assert portal.evidence.failed_sign_ins(minute(6.1)) == {}


def test_the_newest_unrecognised_event_of_a_person_is_reported(portal: PortalLedger):
    events = (
        unknown(ANNA, 5, event_id=4),
        unknown(ANNA, 9, event_id=3),
        unknown(BORIS, 1, event_id=2),
    )
    portal.evidence.keep(reading(unrecognised=events))
    newest = UnrecognisedEvent(user_id=ANNA, at=minute(9), event_id=3, action_id=9999)
    assert portal.evidence.unrecognised(minute(2)) == {ANNA: newest}


def test_actions_in_no_table_are_counted(portal: PortalLedger):
    events = (
        unknown(ANNA, 5, event_id=1, action_id=7001),
        unknown(BORIS, 5, event_id=2, action_id=7001),
        unknown(ANNA, 5, event_id=3, action_id=7002),
    )
    for _ in range(2):
        portal.evidence.keep(reading(unrecognised=events))
    assert portal.evidence.unrecognised_ids() == {7001: 2, 7002: 1}


# --- coverage


def test_coverage_has_the_interval_and_its_proof(portal: PortalLedger):
    portal.evidence.keep(reading(stretch(0, 10), events=12, proof="pages 0-900", read_at=50))
    assert portal.evidence.coverage(SIGN_IN) == (
        Covered(interval=stretch(0, 10), events=12, proof="pages 0-900"),
    )


def test_stretches_that_touch_are_one(portal: PortalLedger):
    portal.evidence.keep(reading(stretch(0, 10), events=3, read_at=50))
    portal.evidence.keep(reading(stretch(10, 20), events=4, proof="the rest", read_at=60))
    assert portal.evidence.coverage(SIGN_IN) == (
        Covered(
            interval=stretch(0, 20),
            events=7,
            proof="one page\nthe rest",
        ),
    )


def test_a_gap_stays_a_gap(portal: PortalLedger):
    portal.evidence.keep(reading(stretch(20, 30), stretch(0, 10), events=5))
    assert [(c.interval, c.events) for c in portal.evidence.coverage(SIGN_IN)] == [
        (stretch(0, 10), 0),
        (stretch(20, 30), 5),
    ]


def test_a_gap_of_one_microsecond_stays_a_gap(portal: PortalLedger):
    begin = Instant(minute(10) + timedelta(microseconds=1))
    portal.evidence.keep(reading(stretch(0, 10), Interval(begin, minute(20))))
    assert len(portal.evidence.coverage(SIGN_IN)) == 2


def test_an_empty_stretch_proves_nothing(portal: PortalLedger):
    portal.evidence.keep(reading(stretch(5, 5)))
    assert portal.evidence.coverage(SIGN_IN) == ()


def test_coverage_of_a_person_is_not_coverage_of_the_portal(portal: PortalLedger):
    portal.evidence.keep(reading(stretch(0, 10), user_id=ANNA, kind=ACTIVITY))
    portal.evidence.keep(reading(stretch(3, 20), user_id=BORIS, kind=ACTIVITY))
    portal.evidence.keep(reading(stretch(12, 15), user_id=ANNA, kind=ACTIVITY))
    portal.evidence.keep(reading(stretch(40, 50), kind=ACTIVITY))
    assert portal.evidence.coverage_of_people(ACTIVITY) == {
        ANNA: (stretch(0, 10), stretch(12, 15)),
        BORIS: (stretch(3, 20),),
    }
    assert [c.interval for c in portal.evidence.coverage(ACTIVITY)] == [stretch(40, 50)]
    assert [c.interval for c in portal.evidence.coverage(ACTIVITY, BORIS)] == [stretch(3, 20)]
    assert portal.evidence.coverage(SIGN_IN) == ()


def test_readings_of_many_people_are_kept_in_one_go(portal: PortalLedger):
    people = [UserId(f"{n:08x}-0000-4000-8000-000000000000") for n in range(1200)]
    for stretches in ((stretch(0, 10),), (stretch(10, 20),)):
        portal.evidence.keep_all([reading(*stretches, user_id=who) for who in people])
    assert portal.evidence.coverage_of_people(SIGN_IN) == dict.fromkeys(people, (stretch(0, 20),))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 8)), max_size=10),
)
def test_coverage_is_the_union_of_all_that_was_proven(ledger: Ledger, pairs: list[tuple[int, int]]):
    portal = _some_portal(ledger)
    for since, length in pairs:
        portal.evidence.keep(reading(stretch(since, since + length)))
    known = [c.interval for c in portal.evidence.coverage(SIGN_IN)]
    assert {m for m in range(40) if any(k.since <= minute(m) < k.until for k in known)} == {
        m for m in range(40) if any(since <= m < since + length for since, length in pairs)
    }
    assert all(one.until < other.since for one, other in pairwise(known))


# --- all or nothing


def test_a_reading_that_can_not_be_kept_leaves_nothing_behind(
    portal: PortalLedger, tampering: Tampering
):
    portal.evidence.keep(reading())
    with tampering() as connection:
        connection.exec_driver_sql("DROP TABLE coverage")
    with pytest.raises(LedgerError, match="tables are not the ones"):
        portal.evidence.keep(reading(stretch(0, 10), sightings=(seen(ANNA, 5),)))
    assert portal.evidence.newest_sightings(SIGN_IN) == {}


# --- what the portal says of itself


def test_retention_is_noted_once_for_each_change(portal: PortalLedger):
    for at, days in ((1, 180), (2, 180), (3, 7), (4, 180), (5, 180)):
        portal.evidence.note_retention(days, 180, minute(at))
    assert portal.evidence.retention_history() == (
        _retention(1, 2, 180),
        _retention(3, 3, 7),
        _retention(4, 5, 180),
    )


def test_a_late_note_does_not_rewrite_history(portal: PortalLedger):
    portal.evidence.note_retention(180, 180, minute(5))
    portal.evidence.note_retention(7, 180, minute(3))
    assert portal.evidence.retention_history() == (_retention(5, 5, 180),)


def _retention(at: float, last_at: float, days: int) -> RetentionNote:
    return RetentionNote(at=minute(at), last_at=minute(last_at), sign_in_days=days, trail_days=180)


def _some_portal(ledger: Ledger) -> PortalLedger:
    return ledger.portal(f"https://{uuid4().hex}.example")
