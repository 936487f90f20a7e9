"""Who was reinstated, and when, is told from the statuses seen."""

from datetime import timedelta

from lastseen.ledger import Ledger, PortalLedger, open_ledger
from lastseen.model.contractor import AccountStatus, Profile, UserId
from lastseen.model.instant import Instant
from tests.unit.ledger.conftest import PORTAL, TickingClock
from tests.unit.ledger.examples import ANNA, BORIS, minute

ACTIVE, TERMINATED, PENDING = (
    AccountStatus.ACTIVE,
    AccountStatus.TERMINATED,
    AccountStatus.PENDING,
)


def test_a_person_seen_terminated_and_then_active_was_reinstated(portal: PortalLedger):
    portal.accounts.note([_profile(ANNA, TERMINATED), _profile(BORIS, ACTIVE)], minute(1))
    portal.accounts.note([_profile(ANNA, ACTIVE), _profile(BORIS, ACTIVE)], minute(2))
    assert portal.accounts.reinstated() == {ANNA: minute(2)}


def test_of_two_first_reviews_of_one_portal_at_two_addresses_only_one_records_its_accounts(
    ledger: Ledger, portal: PortalLedger
):
    other = ledger.portal("https://other.example")
    assert portal.accounts.note([_profile(ANNA, ACTIVE)], minute(1)) is None
    # The other one asked before these were recorded, so that it knew of none
    assert other.accounts.note([_profile(ANNA, ACTIVE)], minute(1)) == portal.url
    assert not other.accounts.known()
    assert other.accounts.note([_profile(BORIS, ACTIVE)], minute(2)) is None
    assert other.accounts.note([_profile(ANNA, ACTIVE)], minute(3)) is None


def test_what_another_process_records_is_noticed(portal: PortalLedger, ledger_url: str):
    portal.accounts.note([_profile(ANNA, TERMINATED), _profile(BORIS, TERMINATED)], minute(1))
    assert portal.accounts.reinstated() == {}
    with open_ledger(ledger_url, clock=TickingClock()) as other:
        other.portal(PORTAL).accounts.note_reinstated([BORIS], minute(2))
    assert portal.accounts.reinstated() == {BORIS: minute(2)}


def test_a_person_who_comes_back_as_pending_was_reinstated(portal: PortalLedger):
    portal.accounts.note([_profile(ANNA, TERMINATED)], minute(1))
    portal.accounts.note([_profile(ANNA, PENDING)], minute(2))
    assert portal.accounts.reinstated() == {ANNA: minute(2)}


def test_pending_people_who_become_active_were_not_reinstated(portal: PortalLedger):
    portal.accounts.note([_profile(ANNA, PENDING)], minute(1))
    portal.accounts.note([_profile(ANNA, ACTIVE)], minute(2))
    assert portal.accounts.reinstated() == {}


def test_the_reinstatement_keeps_its_date_while_the_person_stays(portal: PortalLedger):
    portal.accounts.note([_profile(ANNA, TERMINATED)], minute(1))
    for at in (2, 3, 4):
        portal.accounts.note([_profile(ANNA, ACTIVE)], minute(at))
    assert portal.accounts.reinstated() == {ANNA: minute(2)}


def test_the_newest_reinstatement_counts(portal: PortalLedger):
    for at, status in ((1, TERMINATED), (2, ACTIVE), (3, TERMINATED), (4, ACTIVE)):
        portal.accounts.note([_profile(ANNA, status)], minute(at))
    assert portal.accounts.reinstated() == {ANNA: minute(4)}


def test_a_person_whom_a_run_disabled_and_someone_reinstated_by_hand_is_noticed(
    portal: PortalLedger,
):
    portal.accounts.note([_profile(ANNA, ACTIVE)], minute(1))
    portal.accounts.note_disabled([ANNA], minute(2))
    portal.accounts.note([_profile(ANNA, ACTIVE)], minute(3))
    assert portal.accounts.reinstated() == {ANNA: minute(3)}


def test_undo_counts_as_a_reinstatement(portal: PortalLedger):
    portal.accounts.note_disabled([ANNA], minute(1))
    portal.accounts.note_reinstated([ANNA, ANNA], minute(2))
    portal.accounts.note([_profile(ANNA, ACTIVE)], minute(3))
    assert portal.accounts.reinstated() == {ANNA: minute(2)}


def test_undo_counts_for_people_never_noted_before(portal: PortalLedger):
    portal.accounts.note_reinstated([ANNA], minute(2))
    assert portal.accounts.reinstated() == {ANNA: minute(2)}


def test_what_is_told_late_does_not_overrule_what_is_newer(portal: PortalLedger):
    portal.accounts.note([_profile(ANNA, ACTIVE)], minute(5))
    portal.accounts.note([_profile(ANNA, TERMINATED)], minute(3))
    portal.accounts.note_disabled([ANNA], minute(4))
    portal.accounts.note([_profile(ANNA, ACTIVE)], minute(6))
    assert portal.accounts.reinstated() == {}


def test_an_undo_told_again_does_not_hide_that_the_person_was_disabled_since(
    portal: PortalLedger,
):
    portal.accounts.note_reinstated([ANNA], minute(2))
    portal.accounts.note_disabled([ANNA], minute(5))
    portal.accounts.note_reinstated([ANNA], minute(2))
    portal.accounts.note([_profile(ANNA, ACTIVE)], minute(9))
    assert portal.accounts.reinstated() == {ANNA: minute(9)}


def test_noting_nobody_is_no_error(portal: PortalLedger):
    portal.accounts.note([], minute(1))
    portal.accounts.note_disabled([], minute(1))
    portal.accounts.note_reinstated([], minute(1))
    assert portal.accounts.reinstated() == {}


def _profile(who: UserId, status: AccountStatus) -> Profile:
    return Profile(id=who, status=status)


def test_a_status_dated_ahead_of_the_clock_hides_no_reinstatement(
    portal: PortalLedger, clock: TickingClock
):
    clock.at += timedelta(days=5)
    portal.accounts.note_disabled([ANNA, BORIS], Instant(clock.at))
    clock.at -= timedelta(days=5)
    now = Instant(clock.at)
    portal.accounts.note_reinstated([ANNA], now)
    portal.accounts.note([_profile(BORIS, ACTIVE)], now)
    assert portal.accounts.reinstated() == {ANNA: now, BORIS: now}
