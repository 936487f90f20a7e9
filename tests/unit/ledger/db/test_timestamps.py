"""Instants survive being stored, to the microsecond."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from lastseen.ledger.db.timestamps import from_micros, from_micros_or_none, to_micros
from lastseen.model.instant import EPOCH, Instant

instants = st.datetimes(timezones=st.just(UTC)).map(Instant)


@given(instants)
def test_an_instant_comes_back_exactly(moment: Instant):
    assert from_micros(to_micros(moment)) == moment


@given(instants, instants)
def test_stamps_are_ordered_as_the_instants_are(one: Instant, other: Instant):
    assert (to_micros(one) < to_micros(other)) == (one < other)


def test_stamps_are_microseconds_since_1970():
    assert to_micros(EPOCH) == 0
    assert to_micros(Instant(datetime(1970, 1, 2, 0, 0, 1, 5, tzinfo=UTC))) == 86_401_000_005


def test_none_stays_none():
    assert from_micros_or_none(None) is None
    assert from_micros_or_none(to_micros(EPOCH)) == EPOCH
