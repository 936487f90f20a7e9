"""What a review asks first is under way at once, and dropped with its block."""

import asyncio

import pytest

from lastseen.model.errors import RosterError
from lastseen.rosters import Listing
from lastseen.workflows.first_answers import first_answers
from tests.unit.execution.fake_portal import FakePortal

LISTING = Listing(contractors=())


class Slow:
    """A roster that is read once it is let."""

    name, outside, query = "csv", True, "none"

    def __init__(self, error=None):
        self.let = asyncio.Event()
        self.begun = self.dropped = False
        self._error = error

    async def load(self, portal):
        self.begun = True
        try:
            await self.let.wait()
        except asyncio.CancelledError:
            self.dropped = True
            raise
        if self._error:
            raise self._error
        return LISTING


def test_the_roster_is_read_while_something_else_is_done():
    async def reviewed():
        roster = Slow()
        async with first_answers(FakePortal(), roster) as first:
            await asyncio.sleep(0)
            assert roster.begun
            roster.let.set()
            return await first.listing

    assert asyncio.run(reviewed()) is LISTING


def test_the_logs_are_asked_about_while_the_roster_is_read():
    portal = FakePortal()

    async def reviewed():
        async with first_answers(portal, Slow()) as first:
            return await first.log_facts

    facts = asyncio.run(reviewed())
    assert facts.retention == asyncio.run(portal.retention())
    assert facts.detected.newest.query.start == 0


def test_what_nobody_waits_for_any_more_is_dropped(caplog):
    roster = Slow()

    async def failed():
        async with first_answers(FakePortal(), roster):
            await asyncio.sleep(0)
            raise KeyError("the ledger can't be opened")

    with pytest.raises(KeyError):
        asyncio.run(failed())
    assert roster.dropped
    assert not caplog.records  # asyncio reports results that were never retrieved


def test_a_failure_is_raised_where_it_is_waited_for():
    error = RosterError(attempted="reading", found="nothing", meaning="unknown", remedy="again")

    async def failed():
        roster = Slow(error)
        roster.let.set()
        async with first_answers(FakePortal(), roster) as first:
            for _ in range(5):
                await asyncio.sleep(0)
            with pytest.raises(RosterError):
                await first.listing

    asyncio.run(failed())
