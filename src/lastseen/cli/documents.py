"""Plans and receipts between commands, files and the screen.

Reads plan files and writes plans and receipts in every format; decides nothing.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from lastseen.cli.errors import Level, print_line
from lastseen.cli.invocation import Invocation
from lastseen.cli.output import Destination, Destinations, Summary, destinations
from lastseen.model.errors import ExitCode, UsageError, most_severe
from lastseen.regular_file import Unsuitable, read_regular_file, unreadable

if TYPE_CHECKING:
    from lastseen.api import GuardrailStopped, Plan, Receipt, Settings, Verdict
    from lastseen.reports import PlanContext

RUN_RESULT_SCHEMA = "lastseen.run-result/1"
"""The name and version of the JSON form of what a run decided and did."""

LARGEST_PLAN = 512 * 1024 * 1024
"""Bytes; a plan of ten thousand people has about five million."""


def read_plan(file: Path) -> "Plan":
    """Read a plan from a file; raises UsageError if it can't be read, PlanRefused."""
    from lastseen.api import decode_plan

    return decode_plan(_content_of(file), source=str(file))


@dataclass(frozen=True, kw_only=True)
class Document:
    """What a file that Lastseen wrote as JSON contains."""

    plan: "Plan | None" = None
    """The plan, of a plan or a run."""
    receipt: "Receipt | None" = None
    """The receipt, of a receipt or of a run that carried its plan out."""
    is_plan: bool = False
    """Whether `apply` takes the file."""


def read_document(file: Path) -> Document:
    """Read what `review`, `apply`, `undo` or `run` wrote as JSON: a plan, a receipt or both.

    Raises UsageError if the file can't be read or is none of these, PlanRefused.
    """
    import msgspec

    from lastseen.api import Receipt, decode_plan
    from lastseen.model.receipt import RECEIPT_SCHEMA

    content = _content_of(file)
    try:
        fields = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
        schema = msgspec.json.decode(fields.get("schema", b"null"))
        if schema == RECEIPT_SCHEMA:
            return Document(receipt=_whole(msgspec.json.decode(content, type=Receipt)))
        if schema == RUN_RESULT_SCHEMA:
            plan = decode_plan(bytes(fields["plan"]), source=str(file))
            receipt = msgspec.json.decode(fields["receipt"], type=Receipt | None)
            return Document(plan=plan, receipt=receipt and _whole(receipt))
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, RecursionError) as error:
        raise UsageError(
            attempted=f"reading {file}",
            found=f"it is not whole: {error}",
            meaning="`show` reads a plan, a receipt or a run that Lastseen wrote as JSON",
            remedy="check the path; `lastseen history` names the runs that the ledger keeps",
        ) from None
    return Document(plan=decode_plan(content, source=str(file)), is_plan=True)


def _whole(receipt: "Receipt") -> "Receipt":
    """Return the receipt; raises msgspec's ValidationError if its ids can't be Lastseen's."""
    import msgspec

    from lastseen.model.run_id import is_run_id

    for one in (receipt.run_id, receipt.plan_id):
        if not is_run_id(one):
            raise msgspec.ValidationError(f"{one!r} is no id of a run or plan")
    return receipt


def _content_of(file: Path) -> bytes:
    try:
        return read_regular_file(file, largest=LARGEST_PLAN)
    except (OSError, Unsuitable) as error:
        raise unreadable(
            f"reading the plan {file}",
            error,
            meaning="there is nothing to carry out; nothing was changed",
            remedy="make a plan with `lastseen review -o plan.json`, or write an earlier one to a "
            "file with `lastseen show PLAN -o plan.json`",
        ) from None


def plan_destinations(files: Sequence[Path] | None, form: str | None) -> Destinations:
    """Return where a plan goes; raises UsageError for a format that no report has."""
    from lastseen.reports import format_of, plan_formats

    return destinations(files, form, offered=plan_formats(), by_ending=format_of)


def deliver_plan(
    plan: "Plan",
    where: Destinations,
    called: Invocation,
    *,
    settings: "Settings",
    everyone: bool = False,
    only: "Verdict | None" = None,
    source: Path | None = None,
) -> None:
    """Write the plan; `everyone` and `only` filter the people in a table or report.

    `source` is the file that the plan was read from, if any.
    """
    from msgspec.structs import replace

    from lastseen.reports import render_plan

    written = where.file_in("json") or source
    known = plan_context(plan, settings, plan_file=written)

    def render(place: Destination) -> bytes:
        context = replace(
            known,
            screen=place.screen(everyone=everyone),
            only=only,
        )
        return render_plan(plan, place.format, context=context)

    where.deliver(render, plan_summary(plan), called=called)
    _print_next_step(plan, where, known, called)
    if not (where.shows_table or called.quiet):
        _print_guardrail_warning(plan, known.stopped_by)


def _print_next_step(
    plan: "Plan", where: Destinations, known: "PlanContext", called: Invocation
) -> None:
    """Print the command that carries out a plan that went to a file, where it can be."""
    file, due = where.file_in("json"), plan.summary.disable + plan.summary.sign_out
    is_possible = due and not (plan.pretended or known.applied_by or known.stopped_by)
    if file is None or not is_possible or called.quiet:
        return
    command = f"lastseen apply {quote(str(file))}"
    print_line(f"To carry it out: {command}", event="next", command=command)


def plan_context(
    plan: "Plan",
    settings: "Settings",
    *,
    max_disable: int | None = None,
    plan_file: Path | None = None,
) -> "PlanContext":
    """Return what the ledger, the configuration and an approved number add to a plan.

    `plan_file` is the file that holds the plan, if any.
    """
    from lastseen.api import open_portal_ledger, people_left, run_that_changed
    from lastseen.reports import PlanContext

    with open_portal_ledger(settings) as ledger:
        runs = ledger.runs.all()
        changed = run_that_changed(plan.plan_id, ledger)
        applied_by = (
            changed.run_id
            if changed
            else next(
                (
                    run.run_id
                    for run in runs
                    if run.kind in ("apply", "run")
                    and run.plan_id == plan.plan_id
                    and ledger.runs.receipt(run.run_id) is not None
                ),
                None,
            )
        )
        left = len(people_left(plan, ledger)) if applied_by else 0
    stopped = _stopped(plan, settings, max_disable) if left or not applied_by else None
    if stopped and plan_file:
        stopped = stopped.naming(str(plan_file))
    return PlanContext(
        guardrails=settings.guardrails,
        stopped_by=_in_a_sentence(stopped) if stopped else None,
        still_allowed=stopped.still_allowed if stopped else 0,
        max_disable=max_disable,
        plan_file=str(plan_file) if plan_file else None,
        applied_by=applied_by,
        left=left,
        soon_days=plan.soon.days if plan.soon else None,
        account=next((run.by.account for run in runs if run.run_id == plan.plan_id), None),
    )


def print_guardrail_warning(plan: "Plan", settings: "Settings", *, max_disable: int | None) -> None:
    """Print which guardrail would stop the plan and how to proceed, if one would."""
    stopped = _stopped(plan, settings, max_disable)
    _print_guardrail_warning(plan, _in_a_sentence(stopped) if stopped else None)


def _print_guardrail_warning(plan: "Plan", stopped_by: str | None) -> None:
    if stopped_by:
        print_line(
            f"A guardrail would stop this. {stopped_by}",
            event="guardrail",
            level="warning",
            plan_id=plan.plan_id,
            to_disable=plan.summary.disable,
        )


def _stopped(
    plan: "Plan", settings: "Settings", max_disable: int | None
) -> "GuardrailStopped | None":
    """Return the error with which a guardrail would stop the plan; None if none would."""
    from lastseen.api import guardrail_ahead, open_portal_ledger, system_clock

    if plan.pretended:
        return None
    with open_portal_ledger(settings) as ledger:
        return guardrail_ahead(
            plan,
            ledger=ledger,
            guardrails=settings.guardrails,
            now=system_clock(),
            max_disable=max_disable,
        )


def _in_a_sentence(stopped: "GuardrailStopped") -> str:
    """Return which guardrail would stop a plan, and how to proceed."""
    attempted = stopped.attempted[0].upper() + stopped.attempted[1:]
    remedy = stopped.remedy[0].upper() + stopped.remedy[1:]
    return f"{attempted}: {stopped.found}. {remedy}."


def plan_summary(plan: "Plan") -> Summary:
    """Return `Plan 3f2a…: 3 to disable, 90 to keep` with its counts."""
    import msgspec

    from lastseen.reports.words import counts_in_words

    counts = msgspec.to_builtins(plan.summary)
    return Summary(
        text=f"Plan {plan.plan_id}: {counts_in_words(counts)}.",
        event="plan",
        fields={"plan_id": plan.plan_id, "portal": plan.portal, **counts},
    )


def deliver_receipt(
    receipt: "Receipt",
    where: Destinations,
    called: Invocation,
    settings: "Settings",
    *,
    plan: "Plan | None" = None,
) -> None:
    """Write the receipt, with the names and reasons of its plan, by default the ledger's."""
    from lastseen.api import open_portal_ledger
    from lastseen.reports import render_receipt

    if plan is None and where.formats != ("json",):
        with open_portal_ledger(settings) as ledger:
            plan = ledger.runs.plan(receipt.plan_id)

    def render(place: Destination) -> bytes:
        return render_receipt(receipt, place.format, screen=place.screen(), plan=plan)

    replaced = _other_run_in(where.file_in("json"), receipt)
    where.deliver(render, receipt_summary(receipt), called=called)
    if replaced is not None and not called.quiet:
        print_line(
            f"The file held the receipt of the run {replaced}, which the ledger keeps: "
            f"lastseen show {replaced} -o FILE",
            event="receipt-replaced",
            level="warning",
            replaced_run_id=replaced,
        )


def _other_run_in(file: Path | None, receipt: "Receipt") -> str | None:
    """Return the run whose receipt `file` holds, if it is another than that of `receipt`."""
    import msgspec

    if file is None:
        return None
    try:
        fields = msgspec.json.decode(read_regular_file(file, largest=LARGEST_PLAN))
    except (OSError, Unsuitable, ValueError, RecursionError):
        return None
    if not isinstance(fields, dict) or fields.get("schema") != receipt.schema:
        return None
    run_id = fields.get("run_id")
    is_id = isinstance(run_id, str) and run_id.isalnum() and run_id != receipt.run_id
    return run_id if is_id else None


def print_undo_command(receipt: "Receipt", where: Destinations, called: Invocation) -> None:
    """Print the command that undoes the run, unless a table on the screen ends with it."""
    on_screen = where.shows_table and sys.stdout.isatty()
    if receipt.can_be_undone and not on_screen and not called.quiet:
        command = f"lastseen undo {receipt.run_id}"
        print_line(f"To undo it: {command}", event="undo", run_id=receipt.run_id, command=command)


def level_of(*receipts: "Receipt") -> Level:
    """Return how much the summary of these receipts matters: error where nothing was done."""
    from lastseen.api import receipt_exit_code

    match most_severe(*map(receipt_exit_code, receipts)):
        case ExitCode.DONE:
            return "info"
        case ExitCode.PARTIAL:
            return "warning"
        case _:
            return "error"


def receipt_summary(receipt: "Receipt") -> Summary:
    """Return `Run 9f3c…: 48 disabled, 1 refused` with its counts."""
    from lastseen.reports.words import receipt_in_words

    return Summary(
        text=f"Run {receipt.run_id}: {receipt_in_words(receipt)}.",
        event="receipt",
        level=level_of(receipt),
        fields={"run_id": receipt.run_id, "plan_id": receipt.plan_id, **receipt.summary},
    )
