"""`lastseen fleet`: many portals, one configuration. Only reads the command line and prints."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lastseen.cli.errors import print_line
from lastseen.cli.invocation import Invocation, invocation
from lastseen.cli.options import OutputOption, ShortFormatOption, YesOption
from lastseen.cli.output import Summary, short_destinations, write_out
from lastseen.cli.prompts import agreed_to, nobody_to_ask
from lastseen.model.counting import counted, people
from lastseen.model.errors import UsageError
from lastseen.model.extras import install_extra

if TYPE_CHECKING:
    from lastseen.fleet.queue import Queue
    from lastseen.fleet.store import FleetStore
    from lastseen.fleet.sync import Difference

app = typer.Typer(help="Look after many portals with one configuration.")

NamesArgument = Annotated[list[str], typer.Argument(metavar="NAME...", help="The portals' names.")]


class CommandForm(StrEnum):
    """What a job does."""

    REVIEW = "review"
    RUN = "run"


@app.command()
def sync(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The fleet file.")],
    yes: YesOption = False,
) -> None:
    """Make FILE the fleet: add, change and retire portals.

    Shows the difference first. Keys are stored as references only. The ledger keeps what it
    knows of a retired portal.
    """
    with fleet_dependencies():
        from lastseen.fleet.configuration import read_fleet
        from lastseen.fleet.sync import difference
    from lastseen.model.instant import system_clock

    wanted = read_fleet(file)
    with _opened(invocation(context)) as fleet:
        changes = difference(fleet.store.portals(), wanted)
        write_out(_difference_text(changes).encode())
        if not changes:
            return
        if not agreed_to("Change the fleet as shown.", yes=yes, attempted=f"syncing {file}"):
            return
        fleet.store.replace(wanted, now=system_clock())
        retired = [portal.name for portal in changes.retired]
        fleet.queue.withdraw([*retired, *changes.moved])
    print_line(
        f"The fleet has {counted(len(wanted), 'portal', 'portals')}.",
        event="fleet",
        portals=len(wanted),
    )


@app.command()
def enqueue(
    context: typer.Context,
    command: Annotated[CommandForm, typer.Argument(help="What the jobs are to do.")],
    portal: Annotated[
        list[str] | None,
        typer.Option("--portal", metavar="NAME", help="Only this portal; may be repeated."),
    ] = None,
    yes: Annotated[
        bool,
        typer.Option("--yes", help="Let runs change people; without it they only report."),
    ] = False,
    first_run_applies: Annotated[
        bool,
        typer.Option(
            "--first-run-applies", help="Let the first run on a portal do more than report."
        ),
    ] = False,
    max_disable: Annotated[
        int | None,
        typer.Option(
            "--max-disable",
            metavar="N",
            min=1,
            help="Let each of these runs disable up to N people, whatever the guardrails say.",
        ),
    ] = None,
) -> None:
    """Put a job for every portal into the queue, whatever its schedule.

    Paused portals get none: naming one with --portal is refused. A stopped portal gets one only if
    --portal names it, which resumes it. A job that waits for its retry after an outage becomes due.
    """
    from lastseen.model.instant import system_clock

    if first_run_applies and not yes:
        raise nobody_to_ask("enqueueing first runs that may change people")
    agreed = yes
    if max_disable is not None:
        agreed = _agreed_to_number(command, max_disable, portal, yes=yes)
        if not agreed:
            return
    with _opened(invocation(context)) as fleet:
        put = fleet.queue.put(
            fleet.store.chosen(tuple(portal or ()), now=system_clock()),
            command.value,
            agreed=agreed,
            first_run_applies=first_run_applies,
            max_disable=max_disable,
        )
    jobs = counted(len(put.new), "job", "jobs")
    print_line(
        f"{jobs} put into the queue; {len(put.waiting)} already waiting.",
        event="enqueued",
        jobs=len(put.new),
        waiting=len(put.waiting),
    )


def _agreed_to_number(
    command: CommandForm, max_disable: int, portals: list[str] | None, *, yes: bool
) -> bool:
    """Return whether the number is agreed to; raises UsageError without a terminal to ask on."""
    if command is not CommandForm.RUN:
        raise UsageError(
            attempted="reading --max-disable",
            found="a review disables nobody",
            meaning="only a run can be allowed a number of people; nothing was enqueued",
            remedy="leave it out, or enqueue a run",
        )
    where = f"each of {', '.join(portals)}" if portals else "every portal of the fleet"
    return agreed_to(
        f"Let one run on {where} disable up to {people(max_disable)}, whatever the guardrails say.",
        yes=yes,
        attempted="enqueueing runs with --max-disable",
    )


@app.command()
def status(
    context: typer.Context,
    everyone: Annotated[bool, typer.Option("--all", help="List clean portals too.")] = False,
    output: OutputOption = None,
    form: ShortFormatOption = None,
) -> None:
    """Show the state of every portal, from the ledger alone.

    A portal that could not be reached, was never reviewed or is overdue is never called clean.
    """
    with fleet_dependencies():
        from lastseen.fleet.status import fleet_status
    from lastseen.model.instant import system_clock
    from lastseen.reports.fleet import render_fleet_status

    called, where = invocation(context), short_destinations(output, form)
    with _opened_store(called) as store:
        found = fleet_status(store, clock=system_clock)
    where.deliver(
        lambda place: render_fleet_status(
            found, place.format, screen=place.screen(everyone=everyone)
        ),
        Summary(
            text=f"{found.summary.get('clean', 0)} of {len(found.portals)} portals are clean.",
            event="fleet-status",
            fields=dict(found.summary),
        ),
        called=called,
    )


@app.command()
def pause(context: typer.Context, names: NamesArgument) -> None:
    """Start no more jobs for these portals; a running job is finished."""
    from lastseen.model.instant import system_clock

    with _opened(invocation(context)) as fleet:
        fleet.store.pause(tuple(names), now=system_clock())
        withdrawn = fleet.queue.withdraw(names)
    print_line(
        f"Paused: {', '.join(names)}. {counted(withdrawn, 'job', 'jobs')} withdrawn.",
        event="paused",
        portals=list(names),
        withdrawn=withdrawn,
    )


@app.command()
def resume(context: typer.Context, names: NamesArgument) -> None:
    """Resume portals that were paused, or stopped because their jobs crashed."""
    from lastseen.model.instant import system_clock

    with _opened(invocation(context)) as fleet:
        fleet.store.resume(tuple(names), now=system_clock())
    print_line(f"Resumed: {', '.join(names)}.", event="resumed", portals=list(names))


@dataclass(frozen=True, kw_only=True)
class _Fleet:
    store: "FleetStore"
    queue: "Queue"


@contextmanager
def _opened(called: Invocation) -> Iterator[_Fleet]:
    """Open the fleet's portals and its queue."""
    with fleet_dependencies():
        from lastseen.fleet.queue import opened_queue

    with _opened_store(called) as store, opened_queue(store.database) as queue:
        yield _Fleet(store=store, queue=queue)


@contextmanager
def _opened_store(called: Invocation) -> "Iterator[FleetStore]":
    """Open the fleet's part of the ledger's database, brought up to date."""
    with fleet_dependencies():
        from lastseen.fleet.database import FleetDatabase
        from lastseen.fleet.store import FleetStore

    with FleetDatabase(called.ledger_url()) as database:
        database.bring_up_to_date()
        yield FleetStore(database)


@contextmanager
def fleet_dependencies(*, afterwards: str = "") -> Iterator[None]:
    """Say what to install if a library of the fleet's is missing, and `afterwards` what else."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise UsageError(
            attempted="opening the fleet",
            found=f"the package {error.name} is not installed",
            meaning="the queue's libraries are optional, since one portal needs none",
            remedy=install_extra("fleet") + (f"; afterwards {afterwards}" if afterwards else ""),
        ) from None


def _difference_text(changes: "Difference") -> str:
    """Return the changes, each value on its line and without what could forge another."""
    from lastseen.reports.text import defuse_in_full

    lines = [f"+ {portal.name}  {portal.url}" for portal in changes.added]
    for change in changes.changed:
        lines += [f"~ {change.name}", *(f"    {difference}" for difference in change.differences)]
    lines += [f"- {portal.name}  {portal.url} (retired)" for portal in changes.retired]
    lines.append(
        f"{len(changes.added)} added, {len(changes.changed)} changed, "
        f"{len(changes.retired)} retired, {changes.unchanged} unchanged."
    )
    return "\n".join(map(defuse_in_full, lines)) + "\n"
