"""`lastseen undo`: reinstate the people whom a run disabled. No decision is made here."""

from typing import TYPE_CHECKING, Annotated

import typer

from lastseen.cli.documents import deliver_receipt, print_undo_command
from lastseen.cli.errors import print_line
from lastseen.cli.invocation import Invocation, invocation, run_async
from lastseen.cli.key_rights import require_changing_key
from lastseen.cli.options import (
    OutputOption,
    RecordFormatOption,
    SamePortalOption,
    YesOption,
    named_people,
)
from lastseen.cli.output import Destinations, record_destinations
from lastseen.cli.progress import watched
from lastseen.cli.prompts import agreed
from lastseen.cli.same_portal import follow_portal
from lastseen.cli.signals import stop_when_asked
from lastseen.model.counting import people

if TYPE_CHECKING:
    from lastseen.api import Receipt, Reversal, Run, Settings


def undo(
    context: typer.Context,
    run: Annotated[str, typer.Argument(metavar="RUN", hidden=True)],
    who: Annotated[
        list[str] | None,
        typer.Argument(metavar="WHO", hidden=True),
    ] = None,
    yes: YesOption = False,
    same_portal: SamePortalOption = False,
    output: OutputOption = None,
    form: RecordFormatOption = None,
) -> int:
    """Reinstate everyone whom RUN disabled, or only WHO.

    RUN is a run id, or its beginning, from `history` or the receipt. WHO is an id or an e-mail
    address in any case. Accounts that somebody else has changed since are left alone. If RUN was
    undone already, -o writes the receipt of that undo, and no run begins.
    """
    from lastseen.api import receipt_exit_code

    called = invocation(context)
    where = record_destinations(output, form)
    settings = called.settings()
    chosen = named_people(who, "WHO")
    if same_portal:
        run_async(follow_portal(settings, called))
    planned, earlier = _planned(run, chosen, settings, where)
    if not called.quiet:
        _print_limits(run, planned, where, is_written=earlier is not None)
    if planned.is_finished and planned.undone_by is not None:
        if earlier is not None:
            deliver_receipt(earlier, where, called, settings)
        return 0
    if planned.is_finished and where.only_screen and not planned.people:
        return 0
    if planned.people and not _agreed(run, planned, settings, yes=yes):
        return 0
    receipt = run_async(_undone(run, chosen, called, settings))
    deliver_receipt(receipt, where, called, settings)
    print_undo_command(receipt, where, called)
    return receipt_exit_code(receipt)


def _planned(
    run: str, who: tuple[str, ...], settings: "Settings", where: Destinations
) -> "tuple[Reversal, Receipt | None]":
    """Return what would be done and, if a document is asked for, the receipt of an earlier undo."""
    from lastseen.api import open_portal_ledger, reversal

    with open_portal_ledger(settings) as ledger:
        planned = reversal(run, ledger=ledger, who=who)
        by = planned.undone_by if planned.is_undone and not where.only_screen else None
        return planned, ledger.runs.receipt(by.run_id) if by else None


def _print_limits(run: str, planned: "Reversal", where: Destinations, *, is_written: bool) -> None:
    """Print what can't be undone, or why there is nothing to undo."""
    if planned.stay_signed_out:
        ended = len(planned.stay_signed_out)
        print_line(
            f"The sessions of {people(ended)} were ended: that can't be undone.",
            event="stay-signed-out",
            undone_run_id=run,
            signed_out=ended,
        )
    if planned.instead is not None:
        print_line(
            f"The run {run} changed nobody: its plan had been carried out by the run "
            f"{planned.instead}. To undo that one: lastseen undo {planned.instead}",
            event="nothing-to-undo",
            undone_run_id=run,
            carried_out_by=planned.instead,
        )
    elif planned.is_finished and planned.undone_by is not None:
        unwritten = "" if is_written or where.only_screen else " Nothing was written."
        print_line(
            _undone_already(planned.undone_by, is_undone=planned.is_undone) + unwritten,
            event="nothing-to-undo",
            undone_run_id=run,
            changed_by=planned.undone_by.run_id,
        )
    elif planned.is_finished and where.only_screen and not planned.people:
        print_line(
            f"Nothing to undo: the run {run} changed nobody's access.",
            event="nothing-to-undo",
            undone_run_id=run,
        )


def _agreed(run: str, planned: "Reversal", settings: "Settings", *, yes: bool) -> bool:
    """Ask; also with `--quiet`."""
    require_changing_key(settings, attempted=f"undoing the run {run}")
    announcement = "Reinstate" if planned.reinstates else "Disable again"
    at_most = "" if planned.is_finished else "at most "
    return agreed(
        f"{announcement} {at_most}{people(len(planned.people))} on {settings.portal.url}",
        [one.email or one.user_id for one in planned.people],
        yes=yes,
        attempted=f"undoing the run {run}",
    )


def _undone_already(by: "Run", *, is_undone: bool) -> str:
    """Return which later run leaves nothing to undo."""
    from lastseen.model.instant import minute

    at = minute(by.started_at)
    if is_undone:
        said = f"Nothing to undo: this was undone already, by the run {by.run_id} at {at}."
    else:
        said = (
            f"Nothing to undo: the run {by.run_id} has changed all of these people since, at {at}."
        )
    return f"{said} See `lastseen history {by.run_id}`."


async def _undone(
    run: str, who: tuple[str, ...], called: Invocation, settings: "Settings"
) -> "Receipt":
    from lastseen.api import open_session, system_clock, undo

    with stop_when_asked() as stop:
        async with open_session(settings) as session:
            with watched(called) as progress:
                return await undo(
                    run,
                    session.portal,
                    ledger=session.ledger,
                    who=who,
                    guardrails=settings.guardrails,
                    clock=system_clock,
                    roster=session.roster,
                    policy=settings.policy,
                    progress=progress,
                    stop=stop,
                )
