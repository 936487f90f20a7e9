"""Each way in which a real portal misleads, and that nobody loses access by it."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from lastseen.model.decision import Reason, Verdict
from lastseen.model.errors import PortalRefused, PortalUnreadable
from lastseen.model.plan import Plan
from lastseen.simulator.server.faults import NO_FAULTS
from lastseen.simulator.server.filters import Filters
from lastseen.simulator.world.keys import ApiKey
from lastseen.simulator.world.people import Status
from tests.portal.unhelpful import (
    ADMIN,
    FAILURE,
    LIFETIME_CHANGED,
    NOW,
    SESSION,
    SIGN_OUT,
    STAFF,
    UNKNOWN,
    Built,
    ago,
    decision,
    ruling,
)

KEPT = (Verdict.KEEP, Reason.ACTIVE)
INACTIVE = (Verdict.DISABLE, Reason.INACTIVE)
UNRECOGNISED = (Verdict.HOLD, Reason.UNRECOGNISED_EVENT)
INCOMPLETE = (Verdict.HOLD, Reason.EVIDENCE_INCOMPLETE)
both_modes = pytest.mark.parametrize("filters", [Filters.AFTER_WINDOW, Filters.BEFORE_WINDOW])


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def built(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Built]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'ledger.sqlite3'}"
    else:
        url = request.getfixturevalue("fresh_postgres_url")
    made = Built(ledger_url=url)
    yield made
    made.close()


@both_modes
def test_a_guest_behind_hundreds_of_newer_events_is_found(built: Built, filters: Filters) -> None:
    here, gone = built.guest(), built.guest()
    built.signs_in(here, ago(days=20))
    built.signs_in(gone, ago(days=40))
    built.staff_noise(1_500, days=30)
    plan = built.open(filters).review()
    assert (ruling(plan, here), ruling(plan, gone)) == (KEPT, INACTIVE)
    assert plan.evidence.filters == filters.value
    assert plan.evidence.complete


@both_modes
def test_a_failed_sign_in_is_never_a_sighting(built: Built, filters: Filters) -> None:
    attacked = built.guest()
    built.signs_in(attacked, ago(days=50))
    for minute in range(250):
        built.signs_in(attacked, ago(days=1, seconds=60 * minute), FAILURE)
    built.staff_noise(900, days=30)
    plan = built.open(filters).review()
    assert ruling(plan, attacked) == INACTIVE
    assert decision(plan, attacked).failed_sign_ins == 250
    assert decision(plan, attacked).idle_days == 50


@both_modes
def test_sign_ins_in_nobodys_name_make_nobody_absent(built: Built, filters: Filters) -> None:
    here, gone = built.guest(), built.guest()
    for day in range(20):
        built.signs_in(here, ago(days=day))
    built.signs_in(gone, ago(days=60))
    built.staff_noise(300, days=30)
    watched = built.open(filters, faults="nameless:1")
    plan = watched.review()
    assert ruling(plan, here) == ruling(plan, gone) == UNRECOGNISED
    assert "may be anybody's" in decision(plan, here).explanation
    watched.portal.set_faults(NO_FAULTS)  # what a later review knows from the ledger still counts
    assert ruling(watched.review(), gone) == UNRECOGNISED


@both_modes
@pytest.mark.parametrize("action", [SIGN_OUT, SESSION])
def test_session_events_and_sign_outs_are_sightings(
    built: Built, filters: Filters, action: int
) -> None:
    guest = built.guest()
    built.signs_in(guest, ago(days=29), action)
    built.staff_noise(300, days=30)
    assert built.open(filters).decided(guest) == KEPT


@both_modes
def test_a_session_of_a_year_is_seen_by_the_activity_trail(built: Built, filters: Filters) -> None:
    worker, gone = built.guest(), built.guest()
    built.signs_in(worker, ago(days=170))
    built.signs_in(gone, ago(days=170))
    built.works(worker, ago(days=2))
    built.works(gone, ago(days=160))
    built.staff_noise(300, days=170)
    plan = built.open(filters).review()
    assert (ruling(plan, worker), ruling(plan, gone)) == (KEPT, INACTIVE)
    assert decision(plan, gone).last_seen_by == "activity"
    assert built.open(filters).decided(worker, evidence=("sign-in",)) == INACTIVE


def test_without_the_audit_option_nobody_is_absent_whom_twenty_events_do_not_show(
    built: Built,
) -> None:
    guest = built.guest()
    built.signs_in(guest, ago(days=20))
    built.staff_noise(40, days=10)
    plan = built.open(Filters.IGNORED).review()
    assert ruling(plan, guest) == INCOMPLETE
    assert plan.evidence.filters == "ignored"
    assert not plan.evidence.complete


def test_without_the_audit_option_fewer_than_twenty_events_are_the_whole_history(
    built: Built,
) -> None:
    here, gone = built.guest(), built.guest()
    built.signs_in(here, ago(days=20))
    built.signs_in(gone, ago(days=40))
    built.staff_noise(10, days=10)
    plan = built.open(Filters.IGNORED).review()
    assert (ruling(plan, here), ruling(plan, gone)) == (KEPT, INACTIVE)


def test_without_the_audit_option_twenty_events_that_reach_back_far_enough_suffice(
    built: Built,
) -> None:
    gone = built.guest()
    built.staff_noise(60, days=60)
    built.signs_in(gone, ago(days=100))
    built.logins = [entry for entry in built.logins if entry[1] < ago(days=25)][-22:]
    built.signs_in(STAFF, ago(days=3))
    assert built.open(Filters.IGNORED).decided(gone)[0] is Verdict.DISABLE


@both_modes
@pytest.mark.parametrize("events", [0, 1, 2, 19, 20, 21])
def test_a_quiet_portal_is_whole_evidence(built: Built, filters: Filters, events: int) -> None:
    here, gone = built.guest(), built.guest()
    for number in range(events):
        built.signs_in(here, ago(days=3 + number))
    plan = built.open(filters).review()
    assert ruling(plan, gone) == (Verdict.DISABLE, Reason.NEVER_SEEN)
    assert ruling(plan, here)[0] is (Verdict.KEEP if events else Verdict.DISABLE)


def test_a_log_kept_for_seven_days_proves_no_absence_of_thirty(built: Built) -> None:
    here, gone = built.guest(), built.guest()
    built.signs_in(here, ago(days=2))
    built.staff_noise(300, days=30)
    plan = built.open(retention_days=7).review()
    assert (ruling(plan, here), ruling(plan, gone)) == (KEPT, INCOMPLETE)
    assert plan.evidence.retention_days == 7


def test_a_log_kept_for_exactly_the_window_is_enough(built: Built) -> None:
    gone = built.guest()
    built.staff_noise(300, days=30)
    assert built.open(retention_days=30).decided(gone)[0] is Verdict.DISABLE


def test_a_lifetime_that_was_once_shorter_leaves_a_hole_that_is_noticed(built: Built) -> None:
    # Given a guest who came 20 days ago, and a log cut to 7 days and set to 180 again since
    guest = built.guest()
    built.staff_noise(200, days=6)
    built.works(STAFF, ago(days=3), LIFETIME_CHANGED)
    assert built.open().decided(guest) == INCOMPLETE


def test_a_change_of_lifetime_long_ago_holds_nobody(built: Built) -> None:
    gone = built.guest()
    built.staff_noise(200, days=29)
    built.works(STAFF, ago(days=90), LIFETIME_CHANGED)
    assert built.open().decided(gone)[0] is Verdict.DISABLE


def test_what_the_ledger_read_outlives_the_portals_retention(built: Built) -> None:
    gone, here = built.guest(), built.guest()
    built.signs_in(here, ago(days=1))
    built.staff_noise(400, days=7)
    watched = built.open(retention_days=7)
    rulings = []
    for day in range(0, 32, 4):
        plan = watched.review()
        rulings.append(ruling(plan, gone))
        watched.time.advance(timedelta(days=4))
        watched.portal.world.add_login(STAFF, int(watched.time.now()) - 3600, 1000)
        assert day or rulings[0] == INCOMPLETE
    assert rulings[5] == INCOMPLETE
    assert rulings[-1][0] is Verdict.DISABLE


def test_a_trail_soon_forgotten_is_remembered_of_those_who_grow_idle(built: Built) -> None:
    # Given a portal that keeps both logs for 7 days, and somebody who comes for the last time
    last, worker = built.guest(), built.guest()
    built.signs_in(last, ago(seconds=7200))
    built.signs_in(worker, ago(seconds=7200))
    built.works(worker, ago(seconds=7200))
    watched = built.open(retention_days=7)
    for day in range(31):
        plan = watched.review()
        if day == 20:
            watched.portal.world.add_trail(worker, int(watched.time.now()) - 7200, 5064)
        watched.time.advance(timedelta(days=1))
    plan = watched.review()
    # Then the day on which they are due decides, with evidence that the portal no longer has
    assert ruling(plan, last) == INACTIVE
    assert ruling(plan, worker) == KEPT


def test_a_hole_in_the_ledger_is_not_bridged(built: Built) -> None:
    gone = built.guest()
    built.staff_noise(100, days=7)
    watched = built.open(retention_days=7)
    watched.review()
    watched.time.advance(timedelta(days=10))
    watched.review()
    watched.time.advance(timedelta(days=6))
    assert ruling(watched.review(), gone) == INCOMPLETE


@both_modes
@pytest.mark.parametrize("crowd", [10, 99, 100, 101, 260])
def test_a_crowd_in_one_second_hides_nobody(built: Built, filters: Filters, crowd: int) -> None:
    here, gone = built.guest(), built.guest()
    moment = ago(days=12)
    built.crowd(moment, crowd)
    built.signs_in(here, moment)
    built.signs_in(gone, ago(days=45))
    built.staff_noise(250, days=30)
    plan = built.open(filters).review()
    assert (ruling(plan, here), ruling(plan, gone)) == (KEPT, INACTIVE)


@both_modes
def test_events_that_arrive_while_the_log_is_read_push_nobody_out_of_sight(
    built: Built, filters: Filters
) -> None:
    guests = [built.guest() for _ in range(12)]
    for number, guest in enumerate(guests[:-1]):
        built.signs_in(guest, ago(days=2 + 2.4 * number))
    built.staff_noise(2_000, days=30)
    watched = built.open(filters, faults="arrivals:0.6")
    plan = watched.review()
    assert [ruling(plan, guest) for guest in guests[:-1]] == [KEPT] * 11
    # Arrivals are anybody's: only the portal knows whether the last one came after all.
    came = {truth.id for truth in watched.portal.truths() if truth.last_presence_at}
    assert ruling(plan, guests[-1])[0] is (Verdict.KEEP if guests[-1] in came else Verdict.DISABLE)


@both_modes
@pytest.mark.parametrize(
    "fault",
    ["reset", "html-502", "429", "truncated", "empty-200", "other-shape", "cut-page", "slow"],
)
def test_an_answer_that_is_no_answer_is_never_taken_for_absence(
    built: Built, filters: Filters, fault: str
) -> None:
    here, worker, gone = built.guest(), built.guest(), built.guest()
    built.signs_in(here, ago(days=25))
    built.works(worker, ago(days=25))
    built.staff_noise(700, days=30)
    plans = []
    for seed in range(6):
        watched = built.open(filters, faults=f"{fault}:0.25", seed=seed)
        with suppress(PortalUnreadable):  # a request that fails four times ends the review
            plans.append(watched.review(seed=seed))
    assert len(plans) >= 4
    for plan in plans:
        assert ruling(plan, here) in (KEPT, INCOMPLETE)
        assert ruling(plan, worker) in (KEPT, INCOMPLETE)
        assert ruling(plan, gone)[0] in (Verdict.DISABLE, Verdict.HOLD)


def test_old_events_deleted_while_reading_do_no_harm(built: Built) -> None:
    here, gone = built.guest(), built.guest()
    built.signs_in(here, ago(days=29))
    built.staff_noise(1_500, days=150)
    plan = built.open(faults="deletions:0.5").review()
    assert ruling(plan, here) == KEPT
    assert ruling(plan, gone)[0] is Verdict.DISABLE


def test_an_unknown_event_holds_only_where_it_matters(built: Built) -> None:
    strange, late, old = built.guest(), built.guest(), built.guest()
    built.signs_in(strange, ago(days=3), UNKNOWN)
    built.signs_in(late, ago(days=3), UNKNOWN)
    built.signs_in(late, ago(days=5))
    built.signs_in(old, ago(days=40), UNKNOWN)
    built.staff_noise(100, days=30)
    watched = built.open()
    plan = watched.review()
    assert ruling(plan, strange) == (Verdict.HOLD, Reason.UNRECOGNISED_EVENT)
    assert ruling(plan, late) == KEPT
    assert ruling(plan, old)[0] is Verdict.DISABLE
    assert watched.ledger.evidence.unrecognised_ids() == {UNKNOWN: 3}


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/St_Johns", "Asia/Kathmandu"])
def test_the_portals_time_zone_moves_nobody_over_the_edge(built: Built, zone: str) -> None:
    # The window of 30 days reaches back over the end of summer time in two of them
    inside, outside = built.guest(), built.guest()
    built.signs_in(inside, ago(days=30, seconds=-5))
    built.signs_in(outside, ago(days=30))
    built.staff_noise(150, days=60)
    plan = built.open(time_zone=zone).review()
    assert (ruling(plan, inside), ruling(plan, outside)) == (KEPT, INACTIVE)


def test_clocks_that_differ_decide_nothing_on_anyone(built: Built) -> None:
    here, gone = built.guest(), built.guest()
    built.signs_in(here, ago(days=2))
    watched = built.open()
    watched.time.machine_ahead = 400.0
    plan = watched.review()
    assert (ruling(plan, here), ruling(plan, gone)) == (INCOMPLETE, INCOMPLETE)


def test_a_clock_that_is_wrong_in_one_answer_only_is_noticed(built: Built) -> None:
    gone = built.guest()
    built.staff_noise(900, days=30)
    assert built.open(faults="clock-skew:0.2").decided(gone) == INCOMPLETE


def test_an_entry_from_the_future_proves_nothing_and_holds(built: Built) -> None:
    guest = built.guest()
    built.signs_in(guest, NOW + timedelta(days=2))
    built.staff_noise(150, days=30)
    assert built.open().decided(guest) == (Verdict.HOLD, Reason.EVIDENCE_INCOMPLETE)


@both_modes
def test_activity_written_late_saves_at_the_next_look(built: Built, filters: Filters) -> None:
    guest = built.guest()
    built.staff_noise(150, days=30)
    watched = built.open(filters)
    first = watched.review()
    happened = int(watched.time.now()) - 300
    watched.portal.world.add_trail(guest, happened, 5064)
    watched.time.advance(timedelta(minutes=10))
    assert ruling(first, guest)[0] is Verdict.DISABLE
    assert ruling(watched.review(), guest) == KEPT


def test_what_outsiders_and_administrators_do_to_a_contractor_is_not_the_contractor(
    built: Built,
) -> None:
    guest = built.guest()
    built.staff_noise(150, days=30)
    watched = built.open()
    portal = watched.portal.world
    portal.add_trail(STAFF, int(ago(days=2).timestamp()), 4006, target=guest)
    assert watched.decided(guest)[0] is Verdict.DISABLE


def test_a_portal_updated_between_two_runs_is_noticed(built: Built) -> None:
    here, gone = built.guest(), built.guest()
    built.signs_in(here, ago(days=20))
    built.signs_in(gone, ago(days=50))
    built.staff_noise(1_200, days=30)
    watched = built.open(Filters.BEFORE_WINDOW)
    watched.review()
    watched.portal.audit.filters = Filters.AFTER_WINDOW
    watched.time.advance(timedelta(days=1))
    plan = watched.review()
    assert plan.evidence.filters == "after-window"
    assert (ruling(plan, here), ruling(plan, gone)) == (KEPT, INACTIVE)


@pytest.mark.parametrize("at_request", range(4, 24, 2))
def test_a_portal_that_changes_its_ways_half_way_makes_nobody_absent(
    built: Built, at_request: int
) -> None:
    guests = [built.guest() for _ in range(14)]
    for number, guest in enumerate(guests[:-1]):
        built.signs_in(guest, ago(days=8 + 1.5 * number))
    built.staff_noise(3_000, days=30)
    watched = built.open(Filters.BEFORE_WINDOW)

    def update(number: int) -> None:
        if number == at_request:
            watched.portal.audit.filters = Filters.AFTER_WINDOW

    watched.before = update
    plan = watched.review()
    assert [ruling(plan, guest) for guest in guests[:-1]] == [KEPT] * 13


@pytest.mark.parametrize("at_request", [4, 5, 6, 7, 8, 9])
def test_one_quiet_guest_is_not_made_absent_by_a_change_half_way(
    built: Built, at_request: int
) -> None:
    # Given a log so long that one guest is rather asked about alone
    guest = built.guest()
    built.signs_in(guest, ago(days=25))
    built.staff_noise(4_000, days=30)
    built.signs_in(ADMIN, ago(seconds=900))
    for hour in range(300):
        built.works(STAFF, ago(seconds=3600 * hour))
        built.works(ADMIN, ago(seconds=3600 * hour + 60))
    watched = built.open(Filters.BEFORE_WINDOW)

    def update(number: int) -> None:
        if number == at_request:
            watched.portal.audit.filters = Filters.AFTER_WINDOW

    watched.before = update
    assert ruling(watched.review(), guest) == KEPT


@pytest.mark.parametrize("filters", list(Filters))
def test_how_a_portal_filters_is_found_out_by_somebody_in_its_log(
    built: Built, filters: Filters
) -> None:
    guest = built.guest()
    built.staff_noise(60, days=20)
    for day in range(15):
        built.signs_in(ADMIN, ago(days=day, seconds=700))
    plan = built.open(filters).review()
    assert plan.evidence.filters == filters.value
    assert (ruling(plan, guest) == INCOMPLETE) == (filters is Filters.IGNORED)


def test_a_hidden_login_history_and_missing_rights_are_refusals(built: Built) -> None:
    built.guest()
    watched = built.open()
    watched.portal.audit.section_hidden = True
    with pytest.raises(PortalRefused) as hidden:
        watched.review()
    powerless = built.open(keys=[ApiKey(secret="sk-powerless", account=STAFF)])
    with pytest.raises(PortalRefused) as refused:
        powerless.review()
    assert (hidden.value.status, refused.value.status) == (402, 403)


def test_a_log_that_no_decision_needs_may_be_hidden(built: Built) -> None:
    disabled = built.guest(status=Status.TERMINATED)
    watched = built.open()
    watched.portal.audit.section_hidden = True
    assert watched.decided(disabled) == (Verdict.SKIP, Reason.ALREADY_DISABLED)


@both_modes
@pytest.mark.parametrize("quiet", [True, False])
def test_a_portal_made_again_under_the_same_address_is_noticed(
    built: Built, filters: Filters, quiet: bool
) -> None:
    # Given a ledger that knows the history of one server, and another behind its address
    here, gone = built.guest(), built.guest()
    built.staff_noise(200, days=40)
    built.works(STAFF, ago(days=1))
    watched = built.open(filters)
    assert ruling(watched.review(), here)[0] is Verdict.DISABLE
    other = Built()
    other.people = list(built.people)
    other.signs_in(here, ago(days=12))
    other.staff_noise(30 if quiet else 600, days=40, seed=99)
    other.works(STAFF, ago(days=1))
    moved = other.open(filters)
    moved.ledger = watched.ledger
    # Then what was read of the old one proves nothing of the new
    plan = moved.review()
    assert (ruling(plan, here), ruling(plan, gone)[0]) == (KEPT, Verdict.DISABLE)


def test_an_interrupted_review_continues_where_it_stopped(built: Built) -> None:
    gone = built.guest()
    built.staff_noise(6_000, days=30)
    whole = built.open()
    whole.review(lookback_days=30)
    watched = built.open()

    def stop(number: int) -> None:
        if number == 40:
            # What was read is written down every few seconds.
            watched.time.passed += 5
        if number == 50:
            raise KeyboardInterrupt

    watched.before = stop
    with pytest.raises(KeyboardInterrupt):
        watched.review(lookback_days=30)
    watched.before = None
    plan = watched.review(lookback_days=30)
    assert ruling(plan, gone)[0] is Verdict.DISABLE
    assert watched.requests < whole.requests - 15


def test_two_reviews_at_once_on_one_ledger_decide_alike(built: Built) -> None:
    here, gone = built.guest(), built.guest()
    built.signs_in(here, ago(days=20))
    built.staff_noise(1_200, days=30)
    watched = built.open()

    async def twice() -> tuple[Plan, Plan]:
        return await asyncio.gather(watched.reviewing(seed=1), watched.reviewing(seed=2))

    for plan in watched.time.run(twice()):
        assert ruling(plan, here) == KEPT
        assert ruling(plan, gone)[0] is Verdict.DISABLE


@both_modes
def test_the_second_day_reads_only_what_is_new(built: Built, filters: Filters) -> None:
    for _ in range(20):
        built.guest()
    built.staff_noise(3_000, days=30)
    for hour in range(400):
        built.works(STAFF, ago(seconds=3600 * hour))
    watched = built.open(filters)
    watched.review()
    first = watched.requests
    watched.time.advance(timedelta(days=1))
    watched.review()
    # Ten more are for sessions, keys and what administrators did.
    assert watched.requests <= 22 < first
