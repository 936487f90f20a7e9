"""`lastseen show`: a plan, receipt or run of the past in any format. Asks the portal nothing."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lastseen.cli.documents import (
    deliver_plan,
    deliver_receipt,
    plan_destinations,
    read_document,
)
from lastseen.cli.history import show_run
from lastseen.cli.invocation import invocation
from lastseen.cli.options import AllOption, OutputOption, PlanFormatOption
from lastseen.cli.output import record_destinations
from lastseen.model.errors import UsageError

if TYPE_CHECKING:
    from lastseen.api import Plan, PortalLedger, Receipt


def show(
    context: typer.Context,
    what: Annotated[str, typer.Argument(metavar="PLAN|RUN", hidden=True)],
    everyone: AllOption = False,
    output: OutputOption = None,
    form: PlanFormatOption = None,
) -> None:
    """Show a plan, receipt or run again, in any format.

    PLAN is a plan file or a plan id; RUN is a run id, or a file that `run`, `apply` or `undo`
    wrote as JSON. The beginning of an id is enough.
    """
    from lastseen.api import open_portal_ledger

    called = invocation(context)
    settings = called.settings()
    source = _plan_file(what)
    plan: Plan | None = None
    receipt: Receipt | None = None
    if source is not None:
        document = read_document(source)
        plan, receipt = document.plan, document.receipt
        source = source if document.is_plan else None
    else:
        with open_portal_ledger(settings) as ledger:
            plan, receipt = _found(ledger, what)
            if plan is None and receipt is None:
                show_run(ledger, record_destinations(output, form), called, what)
                return
    if receipt is not None:
        where = record_destinations(output, form)
        deliver_receipt(receipt, where, called, settings, plan=plan)
    elif plan is not None:
        where = plan_destinations(output, form)
        deliver_plan(plan, where, called, settings=settings, everyone=everyone, source=source)


def _plan_file(what: str) -> Path | None:
    """Return the file that `what` names, None for an id; raises UsageError for a missing file."""
    file = Path(what)
    if file.is_file():
        return file
    if file.name == what and not file.suffix:
        return None
    raise UsageError(
        attempted=f"showing {what}",
        found="it is a folder" if file.is_dir() else "there is no such file",
        meaning="`show` takes a plan file, a plan id or a run id",
        remedy="check the path, or take an id from `lastseen history`",
    )


def _found(ledger: "PortalLedger", what: str) -> "tuple[Plan | None, Receipt | None]":
    """Return the plan or the receipt that `what` names; neither for a run that left none."""
    try:
        run = ledger.runs.find(what)
    except UsageError as error:
        plan = ledger.runs.plan(what.strip().lower())  # of another ledger's review
        if plan is None:
            raise _neither(what, error) from None
        return plan, None
    receipt = ledger.runs.receipt(run.run_id)
    if receipt is not None:
        return None, receipt
    return (ledger.runs.plan(run.run_id) if run.kind in ("review", "run") else None), None


def _neither(what: str, error: UsageError) -> UsageError:
    return UsageError(
        attempted=f"showing {what}",
        found=f"there is no such file, and {error.found}",
        meaning="`show` takes a plan file, a plan id or a run id",
        remedy=f"check the path; or {error.remedy}",
    )
