"""`lastseen status`: where the portal stands, in one screen. Decides nothing."""

from typing import TYPE_CHECKING

import typer

from lastseen.cli.invocation import invocation, run_async
from lastseen.cli.options import OutputOption, ShortFormatOption
from lastseen.cli.output import Summary, short_destinations

if TYPE_CHECKING:
    from lastseen.api import OwnKey, Settings


def status(
    context: typer.Context, output: OutputOption = None, form: ShortFormatOption = None
) -> None:
    """Show where the portal stands, in one screen.

    That is the last review and run, what is due, who is on hold and when that clears, how far back
    the evidence reaches, and when the API key expires. Reads the ledger; the portal is only asked
    about the key.
    """
    from lastseen.api import open_portal_ledger, status, system_clock
    from lastseen.reports.status import render_status

    called = invocation(context)
    where = short_destinations(output, form)
    settings = called.settings()
    key, problem = run_async(_key(settings))
    with open_portal_ledger(settings) as ledger:
        found = status(ledger, now=system_clock(), key=key, key_problem=problem)
    where.deliver(
        lambda place: render_status(found, place.format, screen=place.screen()),
        Summary(
            text=f"{found.to_disable} to disable, {sum(one.count for one in found.held)} on hold.",
            event="status",
            fields={"portal": found.portal, "to_disable": found.to_disable},
        ),
        called=called,
    )


async def _key(settings: "Settings") -> "tuple[OwnKey | None, str | None]":
    """Return what the portal says of the key, or why it could not be asked."""
    from lastseen.api import LastseenError, open_session

    try:
        async with open_session(settings) as session:
            return await session.portal.own_key(), None
    except LastseenError as error:
        return None, error.found
