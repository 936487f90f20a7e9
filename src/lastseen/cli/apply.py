"""`lastseen apply`: carry out a plan after a question. No decision is made here."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lastseen.cli.invocation import Invocation, invocation, run_async
from lastseen.cli.options import OutputOption, ShortFormatOption, YesOption, named_people
from lastseen.cli.output import Destination, short_destination
from lastseen.cli.progress import watched
from lastseen.cli.prompts import agreed
from lastseen.cli.signals import stop_when_asked
from lastseen.model.counting import people
from lastseen.model.errors import UsageError

if TYPE_CHECKING:
    from lastseen.api import ApplyOptions, Plan, Receipt, Settings


def apply(
    context: typer.Context,
    plan: Annotated[Path, typer.Argument(metavar="PLAN", hidden=True)],
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            metavar="WHO",
            help="Disable only WHO. Repeat it, or separate several with commas.",
        ),
    ] = None,
    except_: Annotated[
        list[str] | None,
        typer.Option(
            "--except",
            metavar="WHO",
            help="Leave WHO out. Repeat it, or separate several with commas.",
        ),
    ] = None,
    yes: YesOption = False,
    output: OutputOption = None,
    form: ShortFormatOption = None,
) -> int:
    """Carry out PLAN, rechecking each person first.

    PLAN is a file that `review -o plan.json` wrote. WHO is an id or an e-mail address in any case.
    If the command is killed, run it again: it finishes the job.
    """
    from lastseen.api import ApplyOptions, Selection, receipt_exit_code

    called = invocation(context)
    where = short_destination(output, form)
    decided = read_plan(plan)
    settings = called.settings()
    options = ApplyOptions(
        guardrails=settings.guardrails,
        selection=Selection(only=named_people(only), except_=named_people(except_)),
    )
    if not _agreed(decided, settings, options, yes=yes):
        return 0
    receipt = run_async(_applied(decided, called, settings, options))
    deliver_receipt(receipt, where)
    return receipt_exit_code(receipt)


def read_plan(file: Path) -> "Plan":
    """Read a plan from a file; raises UsageError where it can't be read, PlanRefused."""
    from lastseen.api import decode_plan

    try:
        document = file.read_bytes()
    except OSError as error:
        raise UsageError(
            attempted=f"reading the plan {file}",
            found=(error.strerror or type(error).__name__).lower(),
            meaning="there is nothing to carry out; nothing was changed",
            remedy="make a plan with `lastseen review -o plan.json`",
        ) from None
    return decode_plan(document, source=str(file))


def deliver_receipt(receipt: "Receipt", where: Destination) -> None:
    """Write the receipt to its destination."""
    from lastseen.reports import render_receipt
    from lastseen.reports.words import counts_in_words

    where.deliver(
        render_receipt(receipt, where.format, screen=where.screen()),
        summary=f"Run {receipt.run_id}: {counts_in_words(receipt.summary)}.",
    )


def _agreed(plan: "Plan", settings: "Settings", options: "ApplyOptions", *, yes: bool) -> bool:
    """Ask, once it is known that the plan may be carried out at all."""
    from lastseen.api import preview_apply, system_clock

    chosen = preview_apply(
        plan, portal_url=settings.portal.url, options=options, now=system_clock()
    ).to_disable
    if not chosen:
        return True
    return agreed(
        f"Disable {people(len(chosen))} on {plan.portal}",
        [one.display_name or one.email or str(one.user_id) for one in chosen],
        yes=yes,
        attempted=f"applying the plan {plan.plan_id}",
    )


async def _applied(
    plan: "Plan", called: Invocation, settings: "Settings", options: "ApplyOptions"
) -> "Receipt":
    from lastseen.api import apply, open_session, system_clock

    with stop_when_asked() as stop:
        async with open_session(settings) as session:
            with watched(called) as progress:
                return await apply(
                    plan,
                    session.portal,
                    ledger=session.ledger,
                    options=options,
                    clock=system_clock,
                    progress=progress,
                    stop=stop,
                )
