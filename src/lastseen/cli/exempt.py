"""`lastseen exempt`: who is kept whatever the logs say, why and until when.

Reads the command line, asks and prints; the ledger keeps the exemptions and journals each change.
"""

from typing import Annotated

import typer

from lastseen.cli.errors import print_line
from lastseen.cli.invocation import invocation
from lastseen.cli.options import OutputOption, ShortFormatOption, YesOption, read_date
from lastseen.cli.output import Summary, short_destinations
from lastseen.cli.prompts import agreed_to
from lastseen.config.logging import scrubbed
from lastseen.model.counting import counted, times
from lastseen.model.errors import UsageError

app = typer.Typer(help="Keep somebody until a date, whatever the logs say.")

WhoArgument = Annotated[str | None, typer.Argument(metavar="WHO", hidden=True)]
DomainOption = Annotated[
    str | None,
    typer.Option("--domain", metavar="DOMAIN", help="Everyone with an address in this domain."),
]
GroupOption = Annotated[
    str | None, typer.Option("--group", metavar="ID", help="Everyone in this group of the portal.")
]


@app.command()
def add(
    context: typer.Context,
    until: Annotated[
        str,
        typer.Option("--until", metavar="DATE", help="The last day (UTC), as 2026-12-31."),
    ],
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why; shown wherever it applies.")
    ],
    who: WhoArgument = None,
    domain: DomainOption = None,
    group: GroupOption = None,
    ticket: Annotated[
        str | None, typer.Option("--ticket", metavar="TEXT", help="The ticket that asked for it.")
    ] = None,
    approved_by: Annotated[
        str | None, typer.Option("--approved-by", metavar="WHO", help="Who approved it.")
    ] = None,
    yes: YesOption = False,
) -> None:
    """Keep WHO until DATE whatever the logs say; renews an earlier exemption.

    WHO is an id or an e-mail address in any case. Asks before it exempts a person or a domain that
    the latest review doesn't know.
    """
    from lastseen.api import exempt, is_unknown, open_portal_ledger

    for text in (reason, ticket, approved_by):
        _refuse_key(text)
    named = _named(who, domain, group)
    day = read_date(until, "--until")
    settings = invocation(context).settings()
    with open_portal_ledger(settings) as ledger:
        if is_unknown(named, ledger=ledger) and not agreed_to(
            f"Nobody in the latest review has an address in {domain}."
            if domain
            else f"Nobody in the latest review is called {named}.",
            yes=yes,
            attempted=f"exempting {named}, which is nobody's in the latest review",
        ):
            return
        exemption = exempt(
            named,
            until=day,
            reason=reason,
            ledger=ledger,
            guardrails=settings.guardrails,
            ticket=ticket,
            approved_by=approved_by,
        )
    renewed = f" (renewed {times(exemption.renewals)})" if exemption.renewals else ""
    print_line(
        f"{exemption.who} is exempt until {exemption.until}{renewed}: {exemption.reason}",
        event="exempted",
        who=exemption.who,
        until=str(exemption.until),
    )


@app.command("list")
def list_(
    context: typer.Context,
    output: OutputOption = None,
    form: ShortFormatOption = None,
) -> None:
    """Show every exemption, including those that have ended."""
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
def remove(
    context: typer.Context,
    who: WhoArgument = None,
    domain: DomainOption = None,
    group: GroupOption = None,
) -> None:
    """Remove the exemption of WHO.

    WHO is an id or an e-mail address in any case.
    """
    from lastseen.api import end_exemption, open_portal_ledger

    named = _named(who, domain, group)
    with open_portal_ledger(invocation(context).settings()) as ledger:
        if not end_exemption(named, ledger=ledger):
            raise UsageError(
                attempted=f"removing the exemption of {named}",
                found="there is none",
                meaning="nobody with that id or address is exempt on this portal",
                remedy="look at `lastseen exempt list`",
            )
    print_line(f"{named} is no longer exempt.", event="exemption-removed", who=named)


def _named(who: str | None, domain: str | None, group: str | None) -> str:
    """Return whom it covers, as the ledger names it; raises UsageError unless one is given."""
    named = [
        *([who] if who else []),
        *([f"domain:{domain}"] if domain else []),
        *([f"group:{group}"] if group else []),
    ]
    if len(named) == 1:
        return named[0]
    raise UsageError(
        attempted="reading whom the exemption covers",
        found=f"{len(named)} of WHO, --domain and --group are given",
        meaning="an exemption covers one person, one domain or one group",
        remedy="give exactly one of them",
    )


def _refuse_key(text: str | None) -> None:
    """Raise UsageError if a text to be kept has the API key in it, as from a shell's variable."""
    if text and scrubbed(text) != text:
        raise UsageError(
            attempted="keeping the exemption",
            found="the API key stands in a text of it",
            meaning="the ledger, reports and the history would show the key; nothing was kept",
            remedy="leave the key out, and replace it if others may have seen it",
        )
