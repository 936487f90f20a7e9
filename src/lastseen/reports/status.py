"""The state of a portal, as one screen for people or as JSON."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from lastseen.model.counting import counted, number, people
from lastseen.model.instant import minute
from lastseen.model.key_expiry import expires_soon
from lastseen.model.run import Run
from lastseen.model.status import DueSoon, Status
from lastseen.reports import unknown_format
from lastseen.reports.interface import Screen
from lastseen.reports.json import json_document
from lastseen.reports.terminal import TableWriter, printed
from lastseen.reports.text import ago, day
from lastseen.reports.words import hold_in_words, result_in_words, state_in_words

_DEFAULT = Screen()
_LISTED = 5


def render_status(status: Status, format: str, *, screen: Screen = _DEFAULT) -> bytes:
    """Return the status as `table` or `json`; raises UsageError for another format."""
    match format:
        case "table":
            return printed(screen, _pieces(status, TableWriter(screen)))
        case "json":
            return json_document(status)
    raise unknown_format(format, ("table", "json"))


def _pieces(status: Status, writer: TableWriter) -> Iterator[RenderableType]:
    yield writer.text((status.portal, "bold"), f", {minute(status.at)}")
    yield writer.pairs((name, said) for name, said in _facts(status, writer) if said)
    if status.held:
        yield writer.heading("On hold")
        yield writer.grid(
            (
                (writer.text(number(one.count)), writer.text(hold_in_words(one)))
                for one in status.held
            ),
            numbers=(0,),
        )
    if status.due_soon:
        yield writer.heading(f"Due within {counted(status.due_soon_days, 'day')}")
        yield writer.grid(_due(one, writer) for one in status.due_soon[:_LISTED])
        if len(status.due_soon) > _LISTED:
            yield writer.text((f"  and {number(len(status.due_soon) - _LISTED)} more", "dim"))


def _facts(status: Status, writer: TableWriter) -> Iterator[tuple[str, Text]]:
    if status.failed is not None:
        yield "Failed", writer.text((f"the newest review: {status.failed}", "bold red"))
    if status.run_failed is not None:
        kind = status.last_run.kind if status.last_run else "run"
        yield "Failed", writer.text((f"the newest {kind}: {status.run_failed}", "bold red"))
    yield "Last review", writer.text(_run(status.last_review, status) or "none yet")
    yield "Last run", writer.text(_run(status.last_run, status) or "none yet")
    if status.review_due_at is not None:
        late = status.review_due_at < status.at
        when = f"{'overdue since' if late else 'by'} {minute(status.review_due_at)}"
        said = f"{when}, so that no entry is deleted unread"
        yield "Next review", writer.text((said, "bold yellow" if late else ""))
    yield "Next run", writer.text(_next_run(status))
    yield "To disable", writer.text(_to_disable(status))
    if status.return_until is not None:
        until = f"they have until {day(status.return_until)} to sign in again"
        said = f"{people(status.signed_out)} since the last review; {until}"
        yield "Signed out", writer.text(said)
    yield "Disabled", writer.text(f"{people(status.disabled)} by Lastseen, not reinstated")
    yield "Exempt", writer.text(people(status.exemptions))
    yield "Evidence", writer.text(_evidence(status))
    yield "API key", _key(status, writer)
    yield "Ledger", writer.text(status.ledger)


def _next_run(status: Status) -> str:
    if status.next_run_acts:
        return "`run --yes` disables whom it finds inactive, within the guardrails"
    return "`run --yes` only reports, as the first on this portal; the one after it disables"


def _to_disable(status: Status) -> str:
    if status.to_disable == status.found_to_disable:
        return f"{people(status.to_disable)} in the last review"
    left = number(status.to_disable) if status.to_disable else "nobody"
    return f"{left} left ({people(status.found_to_disable)} in the last review)"


def _run(run: Run | None, status: Status) -> str:
    if run is None:
        return ""
    when = f"{minute(run.started_at)} ({ago(run.started_at, status.at)})"
    return f"{when}, {run.kind} {run.run_id}: {result_in_words(run) or _state(run)}"


def _state(run: Run) -> str:
    if run.state != "running" or run.kind == "review":
        return state_in_words(run)
    return "running, or cut off: then the same command finishes it"


def _evidence(status: Status) -> str:
    logs = (("sign-ins", status.sign_ins_since), ("activity", status.activity_since))
    known = [f"{name} since {day(since)}" for name, since in logs if since]
    return ", ".join(known) or "nothing read yet"


def _key(status: Status, writer: TableWriter) -> Text:
    if status.key_problem is not None:
        return writer.text((f"not checked: {status.key_problem}", "yellow"))
    if status.key_expires_at is None:
        return writer.text("does not expire")
    told = f"expires {minute(status.key_expires_at)}"
    if not expires_soon(status.key_expires_at, status.at):
        return writer.text(told)
    return writer.text((f"{told}: create a new key before then", "bold yellow"))


def _due(due: DueSoon, writer: TableWriter) -> tuple[Text, ...]:
    name = due.display_name or due.email or due.user_id or ""
    return (
        writer.text(day(due.due_at)),
        writer.text((name, "bold")),
        writer.text(due.email if due.email and due.email != name else ""),
    )
