"""What the entries of a log show, whatever order they come in."""

from datetime import datetime

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from lastseen.evidence.accumulator import EventAccumulator
from lastseen.evidence.actions import FAILED, PRESENT
from lastseen.model.sighting import ANONYMOUS, EvidenceKind, login_key
from tests.unit.evidence.fake_log import DAY, HOUR, REFUSED, SIGNED_IN, ago, entry

SIGN_IN, ACTIVITY = EvidenceKind.SIGN_IN, EvidenceKind.ACTIVITY
entries = st.lists(
    st.builds(
        entry,
        st.integers(1, 10_000),
        st.integers(0, 500).map(lambda n: n * HOUR),
        st.sampled_from(["ann", "ben", ""]),
        st.sampled_from([SIGNED_IN, REFUSED, 1006, 1999]),
    )
)


@given(st.lists(entries))
def test_the_newest_entry_that_shows_presence_is_the_sighting(pages):
    gathered = EventAccumulator(SIGN_IN)
    found: dict[str, datetime] = {}
    for page in pages:
        gathered.take(page)
        found |= {s.user_id: s.at for s in gathered.sightings()}
    every = [e for page in pages for e in page if e.action_id in PRESENT and e.user_id]
    assert found == {
        who: max(e.at for e in every if e.user_id == who) for who in {e.user_id for e in every}
    }


@given(entries)
def test_refused_attempts_and_unknown_actions_never_become_sightings(page):
    gathered = EventAccumulator(SIGN_IN)
    gathered.take(page)
    assert all(s.action_id in PRESENT for s in gathered.sightings())
    assert {e.action_id for e in gathered.failures()} <= FAILED
    assert {e.action_id for e in gathered.unrecognised() if e.user_id != ANONYMOUS} <= {1999}


def test_what_was_returned_is_not_returned_again():
    gathered = EventAccumulator(SIGN_IN)
    gathered.take([entry(1, DAY, "ann"), entry(2, DAY, "ben", REFUSED)])
    assert len(gathered.sightings()) == len(gathered.failures()) == 1
    assert not gathered.sightings()
    assert not gathered.failures()


def test_any_action_of_the_trail_is_presence():
    gathered = EventAccumulator(ACTIVITY)
    gathered.take([entry(1, DAY, "ann", 5064), entry(2, DAY, "ben", 99_999)])
    assert {s.user_id for s in gathered.sightings()} == {"ann", "ben"}


def test_people_are_met_once_and_only_since_the_moment_asked_for():
    gathered = EventAccumulator(SIGN_IN)
    gathered.take([entry(2, DAY, "ann"), entry(1, 40 * DAY, "ben")])
    assert gathered.met_since(ago(30 * DAY)) == ["ann"]
    gathered.take([entry(3, HOUR, "ann")])
    assert gathered.met_since(ago(30 * DAY)) == []


def test_entries_after_a_pretended_instant_are_ignored():
    gathered = EventAccumulator(SIGN_IN, nothing_after=ago(10 * DAY))
    gathered.take([entry(2, DAY, "ann"), entry(1, 20 * DAY, "ann")])
    (seen,) = gathered.sightings()
    assert seen.at == ago(20 * DAY)
    assert gathered.events == 1


def test_the_newest_sign_in_in_nobodys_name_may_be_anybodys():
    gathered = EventAccumulator(SIGN_IN)
    gathered.take([entry(4, HOUR, ANONYMOUS, 1006), entry(3, DAY, ANONYMOUS, REFUSED)])
    assert not gathered.unrecognised()  # servers write both
    gathered.take([entry(2, 2 * DAY, ""), entry(1, 3 * DAY, ANONYMOUS, 1016)])
    assert [(e.id, e.user_id) for e in gathered.unrecognised()] == [(2, ANONYMOUS)]
    gathered.take([entry(0, 4 * DAY, ANONYMOUS)])
    assert not gathered.unrecognised()
    assert not gathered.sightings()


def test_an_unknown_action_in_nobodys_name_is_kept_by_the_address_that_was_tried():
    gathered = EventAccumulator(SIGN_IN)
    tried = msgspec.structs.replace(entry(2, DAY, ANONYMOUS, 1999), login="Ann@X.example")
    gathered.take([tried, entry(1, DAY, ANONYMOUS, 1999)])
    assert [e.user_id for e in gathered.unrecognised()] == [login_key("ann@x.example")]
