"""The people that the simulator makes: of every kind, synthetic, and the same for the same seed."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from lastseen.simulator.endpoints.event_wire import actor_of
from lastseen.simulator.world.actions import is_failure
from lastseen.simulator.world.oracle import DAY, Unlogged, truths
from lastseen.simulator.world.people import ANONYMOUS, NOBODY, EmployeeType, Kind, Status
from lastseen.simulator.world.population import Population, populate

NOW = datetime(2026, 6, 15, 12, 34, 56, tzinfo=UTC)
INSTANT = int(NOW.timestamp())
WINDOW = 30 * DAY


@pytest.fixture(scope="module")
def world():
    return populate(NOW)


@pytest.fixture(scope="module")
def known(world):
    """The truth of one person of each kind."""
    found = truths(
        world.people,
        logins=world.logins,
        trail=world.trail,
        late=world.late,
        key_account="",
        actors=[*map(actor_of, world.people), *world.strangers],
        targets=world.targets,
        unlogged=Unlogged(read={reader.user_id: reader.last_visit for reader in world.readers}),
    )
    return {truth.kind: truth for truth in found}


def test_the_default_is_150_contractors_and_20_staff_over_180_days(world):
    types = Counter(person.employee_type for person in world.people if not person.is_system)
    assert types[EmployeeType.GUEST] == 150
    assert types.total() == 170
    assert INSTANT - 180 * DAY <= world.logins.seconds[0] < INSTANT - 170 * DAY


def test_the_same_seed_gives_the_same_world_and_another_another():
    small = [populate(NOW, Population(contractors=30, staff=5, days=60, seed=s)) for s in (3, 3, 4)]
    assert small[0] == small[1] != small[2]


def test_every_kind_is_there(known):
    assert set(known) == set(Kind)


def test_names_and_addresses_are_synthetic(world):
    for person in world.people:
        if not person.is_system:
            domain = person.email.lower().partition("@")[2]
            assert domain in {"example.com", "example.net", "example.org"}
            assert person.first_name in {"Contractor", "Employee", "Zoë & Noël", ""}


def test_ids_user_names_and_addresses_are_unique(world):
    people = [person for person in world.people if not person.is_system]
    for values in (
        [person.id for person in people],
        [person.user_name for person in people],
        [person.email.lower() for person in people],
    ):
        assert len(set(values)) == len(people)


def test_events_are_sorted_and_none_lies_ahead(world):
    for columns in (world.logins, world.trail):
        assert list(columns.seconds) == sorted(columns.seconds)
        assert columns.seconds[-1] <= INSTANT
        assert list(columns.ids) == list(range(1, len(columns.ids) + 1))


def test_nobody_does_anything_before_there_is_an_account(world):
    for columns in (world.logins, world.trail):
        for second, actor in zip(columns.seconds, columns.actors, strict=True):
            assert actor >= len(world.people) or world.people[actor].registered <= second


def test_the_edge_is_met_to_the_second(known):
    ages = [
        INSTANT - known[kind].last_presence_at
        for kind in (Kind.EDGE_INSIDE, Kind.EDGE_EXACT, Kind.EDGE_OUTSIDE)
    ]
    assert ages == [WINDOW - 1, WINDOW, WINDOW + 1]


def test_an_open_session_is_seen_by_the_trail_only(known):
    truth = known[Kind.OPEN_SESSION]
    assert INSTANT - truth.last_activity_at < WINDOW
    assert truth.last_sign_in_at is None or INSTANT - truth.last_sign_in_at > WINDOW


def test_a_silent_reader_was_there_although_no_log_shows_it(known):
    truth = known[Kind.SILENT_READER]
    assert truth.last_presence_by == "reading"
    assert INSTANT - truth.last_presence_at < WINDOW < INSTANT - truth.last_sign_in_at
    assert truth.last_activity_at is None


def test_an_attacked_account_has_hundreds_of_failures_and_nobody_in_it(known):
    truth = known[Kind.ATTACKED]
    assert truth.failed_sign_ins > 100
    assert INSTANT - truth.last_presence_at > WINDOW


def test_anyone_who_never_came_or_is_pending_was_never_seen(known):
    for kind in (Kind.NEVER_CAME, Kind.PENDING):
        assert known[kind].last_presence_at is None
    assert known[Kind.PENDING].status == "Pending"


def test_a_new_account_is_younger_than_the_window(known):
    assert INSTANT - known[Kind.NEW].registered_at < WINDOW


def test_an_event_that_no_client_knows_is_the_newest_of_its_person(known):
    truth = known[Kind.UNRECOGNISED]
    assert INSTANT - truth.unrecognised_at < WINDOW < INSTANT - truth.last_presence_at


def test_late_activity_is_not_written_yet(known):
    truth = known[Kind.LATE_ACTIVITY]
    assert INSTANT - truth.last_activity_at < DAY
    assert truth.last_written_activity_at is None or truth.last_written_activity_at < INSTANT - DAY


def test_anyone_who_left_long_ago_was_seen_60_to_170_days_ago(known):
    for kind in (Kind.LONG_AGO, Kind.UPPER_CASE, Kind.NAMELESS, Kind.REINSTATED, Kind.TERMINATED):
        assert 60 * DAY <= INSTANT - known[kind].last_presence_at <= 170 * DAY


def test_sessions_alone_prove_presence(world, known):
    truth = known[Kind.SESSION_ONLY]
    assert INSTANT - truth.last_sign_in_at < WINDOW
    actor = [person.id for person in world.people].index(truth.id)
    actions = {
        action
        for number, action in zip(world.logins.actors, world.logins.actions, strict=True)
        if number == actor
    }
    assert actions <= {1006, 1016, 1017}


def test_hints_that_are_no_event_are_there(world):
    kinds = {person.kind: person for person in world.people}
    assert kinds[Kind.TERMINATED].status is Status.TERMINATED
    assert kinds[Kind.LDAP].is_ldap
    assert kinds[Kind.SSO].is_sso
    assert (kinds[Kind.NAMELESS].first_name, kinds[Kind.NAMELESS].last_name) == ("", "")
    assert kinds[Kind.UPPER_CASE].email.isupper()
    assert kinds[Kind.REINSTATED].reinstated is not None
    assert kinds[Kind.OWNER].is_owner


def test_ten_and_a_hundred_people_sign_in_within_one_second(world):
    sizes = sorted(Counter(world.logins.seconds).values())
    assert sizes[-1] >= 100
    assert sizes[-2] >= 10


def test_strangers_fail_to_sign_in_under_the_empty_id_and_the_anonymous_one(world):
    assert {stranger.user_id for stranger in world.strangers} == {NOBODY, ANONYMOUS}
    first = len(world.people)
    actions = {
        action
        for actor, action in zip(world.logins.actors, world.logins.actions, strict=True)
        if actor >= first
    }
    assert all(is_failure(action) for action in actions)


def test_some_strangers_try_the_address_of_a_contractor(world):
    addresses = {person.email for person in world.people}
    assert any(stranger.login in addresses for stranger in world.strangers)


def test_the_key_is_an_administrators_who_is_not_the_owner(world):
    (account,) = (person for person in world.people if person.id == world.key_account)
    assert account.is_docspace_admin
    assert not account.is_owner


@pytest.mark.parametrize("contractors", [0, 1, 5, 20, 21, 22])
@pytest.mark.parametrize(("staff", "days"), [(1, 1), (2, 31), (3, 90)])
def test_small_worlds_are_possible(contractors, staff, days):
    world = populate(NOW, Population(contractors=contractors, staff=staff, days=days))
    assert len(world.people) == contractors + staff + 1


def test_another_window_moves_the_edge():
    world = populate(NOW, Population(contractors=21, staff=2, inactive_days=45))
    found = truths(
        world.people, logins=world.logins, trail=world.trail, late=world.late, key_account=""
    )
    (truth,) = (truth for truth in found if truth.kind == Kind.EDGE_EXACT)
    assert truth.last_presence_at == INSTANT - 45 * DAY
