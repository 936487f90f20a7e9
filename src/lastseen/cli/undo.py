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
    from lastseen.api import Receipt, Run, Settings


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
    address in any case. Accounts that somebody else has changed since are left alone.
    """
    from lastseen.api import receipt_exit_code

    called = invocation(context)
    where = record_destinations(output, form)
    settings = called.settings()
    chosen = named_people(who, "WHO")
    if same_portal:
        run_async(follow_portal(settings, called))
    if not _agreed(run, chosen, settings, where, yes=yes):
        return 0
    receipt = run_async(_undone(run, chosen, called, settings))
    deliver_receipt(receipt, where, called, settings)
    print_undo_command(receipt, where, called)
    return receipt_exit_code(receipt)


def _agreed(
    run: str, who: tuple[str, ...], settings: "Settings", where: Destinations, *, yes: bool
) -> bool:
    """Ask, unless there is nothing to undo: that begins no run where only the screen is told."""
    from lastseen.api import open_portal_ledger, reversal

    with open_portal_ledger(settings) as ledger:
        planned = reversal(run, ledger=ledger, who=who)
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
    if planned.is_finished and planned.undone_by is not None:
        print_line(
            _undone_already(planned.undone_by, is_undone=planned.is_undone),
            event="nothing-to-undo",
            undone_run_id=run,
            changed_by=planned.undone_by.run_id,
        )
        if where.only_screen:
            return False
    if planned.is_finished and where.only_screen and not planned.people:
        if planned.instead is None:
            print_line(
                f"Nothing to undo: the run {run} changed nobody's access.",
                event="nothing-to-undo",
                undone_run_id=run,
            )
        return False
    if not planned.people:
        return True
    require_changing_key(settings, attempted=f"undoing the run {run}")
    announcement = "Reinstate" if planned.reinstates else "Disable again"
    return agreed(
        f"{announcement} {people(len(planned.people))} on {settings.portal.url}",
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
