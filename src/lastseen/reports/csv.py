"""Plans, receipts and the history as CSV (RFC 4180), for spreadsheets.

UTF-8 with a byte-order mark: without one a spreadsheet reads the file in the machine's old code
page and garbles every name that isn't ASCII. An apostrophe stands before what a spreadsheet would
run as a formula, and control characters are shown as escapes, so that a record is one line.
Programs, which want neither, have JSON.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from lastseen.model.decision import Decision, idle_for_longer
from lastseen.model.formula import without_formulas
from lastseen.model.instant import format_instant
from lastseen.model.plan import Plan
from lastseen.model.receipt import Receipt
from lastseen.model.run import Run
from lastseen.reports.interface import PlanContext
from lastseen.reports.receipt import reason_of
from lastseen.reports.sections import shown_people
from lastseen.reports.text import defuse_in_full

_COLUMNS = tuple(field.encode_name for field in msgspec.structs.fields(Decision))


class CsvPlan:
    """One line a person, under the field names of the plan's JSON form, in the plan's order.

    The last column says whether `idle_days` is a lower bound, since older entries were not read.
    """

    endings = (".csv",)

    def render(self, plan: Plan, context: PlanContext) -> bytes:
        """Return the decisions as CSV with a header and CRLF line ends."""
        due = (
            {one.user_id: format_instant(one.due_at) for one in plan.soon.people}
            if plan.soon
            else {}
        )

        def row(decision: Decision) -> list[object]:
            fields = msgspec.to_builtins(decision)
            cells: list[object] = [fields[column] for column in _COLUMNS]
            if plan.soon:
                cells.append(due.get(fields["user_id"]))
            is_known = decision.idle_days is not None
            return [*cells, idle_for_longer(decision, plan.now) if is_known else None]

        columns = (*_COLUMNS, *(("due_at",) if plan.soon else ()), "idle_days_is_minimum")
        return _document(columns, map(row, shown_people(plan, context.only)))


def receipt_csv(receipt: Receipt, plan: Plan | None) -> bytes:
    """Return the receipt as CSV, one line a person; `plan` adds names and reasons."""
    decisions = {one.user_id: one for one in plan.decisions} if plan else {}
    columns = (
        "run_id",
        "user_id",
        "email",
        "display_name",
        "outcome",
        "verified",
        "error",
        "reason",
        "explanation",
        "portal",
        "plan_id",
        "plan_digest",
        "operator",
        "started_at",
        "finished_at",
        "journal_head",
    )
    portal = receipt.portal or (plan.portal if plan else None)
    operator = receipt.operator.in_full if receipt.operator else None

    def rows() -> Iterable[Sequence[object]]:
        for outcome in receipt.outcomes:
            decided = decisions.get(outcome.user_id)
            reason = reason_of(outcome, decided)
            yield (
                receipt.run_id,
                outcome.user_id,
                outcome.email,
                decided.display_name if decided else None,
                outcome.outcome.value,
                outcome.verified,
                outcome.error,
                reason.value if reason else None,
                decided.explanation if decided else None,
                portal,
                receipt.plan_id,
                receipt.plan_digest,
                operator,
                format_instant(receipt.started_at),
                format_instant(receipt.finished_at),
                receipt.journal_head,
            )

    return _document(columns, rows())


def runs_csv(runs: Iterable[Run], results: Mapping[str, str]) -> bytes:
    """Return the runs as CSV, one line a run; `results` gives the result of each by run id."""
    columns = (
        "run_id",
        "kind",
        "state",
        "started_at",
        "finished_at",
        "result",
        "exit_code",
        "plan_id",
        "undone_run_id",
        "account",
        "os_user",
        "host",
        "version",
    )
    rows = (
        (
            run.run_id,
            run.kind,
            run.state,
            format_instant(run.started_at),
            format_instant(run.finished_at) if run.finished_at else None,
            results[run.run_id],
            run.exit_code,
            run.plan_id,
            run.undone_run_id,
            run.by.account,
            run.by.os_user,
            run.by.host,
            run.by.version,
        )
        for run in runs
    )
    return _document(columns, rows)


def _document(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return text.getvalue().encode("utf-8-sig")


def _cell(value: object) -> object:
    if not isinstance(value, str):
        return value
    return defuse_in_full(without_formulas(value))
