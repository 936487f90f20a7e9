"""`lastseen exempt`: who is kept whatever the logs say, why and until when.

Only reads the command line and prints; the ledger keeps the exemptions and journals each change.
"""

from typing import Annotated

import typer

from lastseen.cli.errors import print_line
from lastseen.cli.invocation import invocation
from lastseen.cli.options import OutputOption, ShortFormatOption, read_date
from lastseen.cli.output import Summary, short_destinations
from lastseen.model.counting import counted
from lastseen.model.errors import UsageError

app = typer.Typer(help="Keep somebody until a date, whatever the logs say.")

WhoArgument = Annotated[str, typer.Argument(metavar="WHO", hidden=True)]


@app.command()
def add(
    context: typer.Context,
    who: WhoArgument,
    until: Annotated[
        str,
        typer.Option("--until", metavar="DATE", help="The last day of it (UTC), as 2026-12-31."),
    ],
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why; shown wherever it counts.")
    ],
) -> None:
    """Leave WHO alone until DATE; replaces an earlier exemption.

    WHO is an id or an e-mail address in any case.
    """
    from lastseen.api import open_portal_ledger, was_reviewed

    day = read_date(until, "--until")
    with open_portal_ledger(invocation(context).settings()) as ledger:
        exemption = ledger.exemptions.add(who, until=day, reason=reason)
        is_known = was_reviewed(who, ledger=ledger)
    print_line(f"{exemption.who} is exempt until {exemption.until}: {exemption.reason}")
    if is_known is False:
        print_line("Nobody of that name was in the newest review: is it spelled right?")


@app.command("list")
def list_(
    context: typer.Context,
    output: OutputOption = None,
    form: ShortFormatOption = None,
) -> None:
    """Show every exemption, also those that are over."""
    from lastseen.api import open_portal_ledger
    from lastseen.reports.exemptions import render_exemptions

    called = invocation(context)
    where = short_destinations(output, form)
    with open_portal_ledger(called.settings()) as ledger:
        exemptions = ledger.exemptions.all()
    where.deliver(
        lambda place: render_exemptions(exemptions, place.format, screen=place.screen()),
        Summary(
            text=f"{counted(len(exemptions), 'exemption')}.",
            event="exemptions",
            fields={"exemptions": len(exemptions)},
        ),
        called=called,
    )


@app.command()
def remove(context: typer.Context, who: WhoArgument) -> None:
    """Treat WHO like everybody else again.

    WHO is an id or an e-mail address in any case.
    """
    from lastseen.api import open_portal_ledger

    with open_portal_ledger(invocation(context).settings()) as ledger:
        if not ledger.exemptions.remove(who):
            raise UsageError(
                attempted=f"removing the exemption of {who}",
                found="there is none",
                meaning="nobody of that id or address is exempt on this portal",
                remedy="look at `lastseen exempt list`",
            )
    print_line(f"{who} is exempt no more.")
