"""What every review asks first: the release, whose key it is, the roster, and about the logs.

None of it needs the ledger, so a command may ask while that is still being opened.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from lastseen.docspace.interface import Portal
from lastseen.docspace.release import require_supported
from lastseen.evidence.reading.log_facts import LogFacts, read_log_facts
from lastseen.model.contractor import Profile
from lastseen.rosters import Listing, Roster

_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class FirstAnswers:
    """The first answers of a review, awaited."""

    supported: asyncio.Task[None]
    """Raises PortalTooOld for a release without API keys."""
    own: asyncio.Task[Profile]
    """The account of the API key."""
    listing: asyncio.Task[Listing]
    """Everyone on the roster."""
    log_facts: asyncio.Task[LogFacts]
    """What the portal says of its logs; nearly every review reads them."""
    requests_before: int
    """How many requests the portal had got before."""


async def awaited(task: asyncio.Task[_T]) -> _T:
    """Return the result of `task`, for a group of tasks that did not start it."""
    return await task


@asynccontextmanager
async def first_answers(portal: Portal, roster: Roster) -> AsyncIterator[FirstAnswers]:
    """Ask, and drop at the end of the block what is not answered by then."""
    before = portal.traffic.requests
    supported = asyncio.create_task(require_supported(portal))
    own = asyncio.create_task(portal.whoami())
    listing = asyncio.create_task(roster.load(portal))
    log_facts = asyncio.create_task(read_log_facts(portal))
    asked = (supported, own, listing, log_facts)
    try:
        yield FirstAnswers(
            supported=supported,
            own=own,
            listing=listing,
            log_facts=log_facts,
            requests_before=before,
        )
    finally:
        for task in asked:
            task.cancel()
        if pending := [task for task in asked if not task.done()]:
            await asyncio.wait(pending)
        for task in asked:
            _ = task.cancelled() or task.exception()  # asyncio reports those never looked at
