"""What a portal's limits cost: the share of the allowance that is used, and the refusals met.

In virtual time, since a minute is a minute. The portal allows 1,500 requests a minute and 50 at
once, as documented; it either announces that on every answer, or only in its refusals as release
3.7.2 does.
"""

import asyncio
from collections.abc import Sequence

from benchmarks.bench.table import WITHOUT_DATES, Row
from lastseen.docspace.client import Client
from lastseen.ledger import Ledger
from lastseen.rosters import RosterOptions, open_roster
from lastseen.simulator.server.limits import RateLimit
from lastseen.workflows.review import review
from testing.in_process import URL
from testing.virtual import WINDOW_ONLY, VirtualPortal, Watched
from testing.worlds import Shape, company

MINUTE = 60.0
LEAST_SHARE = 0.9
MOST_REFUSED = 1
MOST_AT_ONCE = 50


def limited(contractors: int) -> list[Row]:
    """Measure a review of a portal with limits, alone and beside another with the same key."""
    shape = company(contractors)
    rows = [_alone(shape, announced=announced) for announced in (True, False)]
    return [*rows, _together(shape)]


def _alone(shape: Shape, *, announced: bool) -> Row:
    limit = RateLimit(announced=announced)
    portal = VirtualPortal(shape, rate_limit=limit)
    transport = portal.transport()
    _review_all(portal, [transport])
    share = share_used(transport.sent, limit.per_minute)
    refused = len(transport.refused)
    how = "on every answer" if announced else "only in refusals"
    return Row(
        figure=f"share of 1,500 a minute used; 429s; GETs at once (limits told {how}; "
        f"{WITHOUT_DATES})",
        measured=f"{share:.2f}; {refused}; {transport.most_at_once}",
        goal=f"≥ {LEAST_SHARE}; ≤ {MOST_REFUSED}; ≤ {MOST_AT_ONCE}",
        met=share >= LEAST_SHARE
        and refused <= MOST_REFUSED
        and transport.most_at_once <= MOST_AT_ONCE,
    )


def _together(shape: Shape) -> Row:
    limit = RateLimit()
    portal = VirtualPortal(shape, rate_limit=limit)
    transports = [portal.transport(), portal.transport()]
    _review_all(portal, transports)
    # While both are at work: until the first of them has nothing more to ask.
    end = min(transport.sent[-1] for transport in transports)
    sent = [[moment for moment in one.sent if moment <= end] for one in transports]
    fewer, more = sorted(len(one) for one in sent)
    refused = sum(len(one.refused) for one in transports)
    share = share_used(sorted(moment for one in sent for moment in one), limit.per_minute)
    return Row(
        figure="two reviews at once with one key: share used together; of the slower one; 429s "
        f"({WITHOUT_DATES})",
        measured=f"{share:.2f}; {fewer / (fewer + more):.2f}; {refused}",
    )


def share_used(sent: Sequence[float], per_minute: int) -> float:
    """Return how much of its allowance a client used in the minutes that it did not end in.

    1 where the limit never held it back.
    """
    whole = int((sent[-1] - sent[0]) // MINUTE)
    if whole < 1:
        return 1.0
    end = sent[0] + whole * MINUTE
    return sum(moment < end for moment in sent) / (whole * per_minute)


def _review_all(portal: VirtualPortal, transports: Sequence[Watched]) -> None:
    """Let a review run over each of the transports, all at once, each with a ledger of its own."""

    async def one(client: Client) -> None:
        ledger = Ledger.in_memory(clock=portal.time.machine_clock).portal(URL)
        await review(
            client,
            open_roster(RosterOptions()),
            ledger=ledger,
            policy=WINDOW_ONLY,
            clock=portal.time.machine_clock,
        )

    async def together() -> None:
        clients = [transport.client() for transport in transports]
        try:
            await asyncio.gather(*map(one, clients))
        finally:
            for client in clients:
                await client.close()

    portal.time.run(together())
