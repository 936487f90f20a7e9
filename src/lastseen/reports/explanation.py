"""The explanation of one decision, as a table for people or as JSON.

Only formats an `Explanation`; computes nothing.
"""

from collections.abc import Iterator, Sequence
from shlex import quote

from rich.console import RenderableType

from lastseen.model.counting import counted
from lastseen.model.decision import Decision, idle_for_longer
from lastseen.model.explanation import Explanation, LookedAt
from lastseen.model.instant import Instant, minute
from lastseen.model.sighting import EvidenceKind, Sighting, UnrecognisedEvent
from lastseen.reports import unknown_format
from lastseen.reports.interface import Screen
from lastseen.reports.json import json_document
from lastseen.reports.terminal import VERDICT_STYLES, WIDE, TableWriter, printed
from lastseen.reports.text import ago, day
from lastseen.reports.words import has_unread_gap, last_seen, reason_in_words, who

_DEFAULT = Screen()
_NOT_USED = "Earlier entries that the decision did not use"
_SINCE = "Seen since the decision"


def render_explanation(
    explanation: Explanation, format: str, *, screen: Screen = _DEFAULT
) -> bytes:
    """Return the explanation as `table`, `json` or `html`; raises UsageError for another format."""
    match format:
        case "table":
            return printed(screen, _pieces(explanation, TableWriter(screen)))
        case "json":
            return json_document(explanation)
        case "html":
            return _page(explanation)
    raise unknown_format(format, ("table", "json", "html"))


def _page(explanation: Explanation) -> bytes:
    """Return the explanation as a page to be filed, in the style of the report."""
    from lastseen.reports.page import render_page

    decision = explanation.decision
    name, reason = who(decision), reason_in_words(decision.reason)
    seen: list[tuple[str, tuple[Sighting | UnrecognisedEvent, ...]]] = [
        ("Sightings", (*explanation.sightings, *explanation.unrecognised))
    ]
    if explanation.not_used:
        seen.append((_NOT_USED, explanation.not_used))
    if since := _after_the_decision(explanation):
        seen.append((_SINCE, since))
    return render_page(
        "explanation.html.j2",
        title=f"{name}: {decision.decision.value}, {reason} – Lastseen, {explanation.now:%Y-%m-%d}",
        kind="explanation",
        headline=f"{name}: {decision.decision.value}, {reason}",
        explanation=explanation,
        facts=[
            ("E-mail", decision.email or ""),
            ("Account id", decision.user_id or ""),
            *((name, said) for name, said in _facts(explanation) if said),
        ],
        logs=[
            (f"{_LOGS[one.kind]}, {_scope(one)}", one.interval.since, one.interval.until, one.proof)
            for one in explanation.looked_at
        ],
        sightings=[(title, [_row(one) for one in rows]) for title, rows in seen],
        lists=[(title, sentences) for title, sentences in _lists(explanation) if sentences],
    )


def _row(one: Sighting | UnrecognisedEvent) -> tuple[Instant, str, int, int]:
    kind = one.kind.value if isinstance(one, Sighting) else "unrecognised"
    return one.at, kind, one.action_id, one.event_id


def _lists(explanation: Explanation) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "What would change this", explanation.would_change
    yield "Runs before this decision", explanation.history
    yield "Runs since this decision", explanation.later


def _pieces(explanation: Explanation, writer: TableWriter) -> Iterator[RenderableType]:
    decision = explanation.decision
    address = decision.email or decision.user_id or explanation.who
    yield writer.text((who(decision), "bold"), f"  {address}" if address != who(decision) else "")
    yield writer.text(
        (decision.decision.value, VERDICT_STYLES[decision.decision]),
        f", {reason_in_words(decision.reason)}: {decision.explanation}",
    )
    yield writer.pairs((name, writer.text(said)) for name, said in _facts(explanation) if said)
    yield from _looked_at(explanation, writer)
    yield from _seen(explanation, writer)
    for title, sentences in _lists(explanation):
        yield from _list(title, sentences, writer)


def _facts(explanation: Explanation) -> Iterator[tuple[str, str]]:
    decision, failed, now = explanation.decision, explanation.failed, explanation.now
    review = explanation.run_id
    yield "Portal", explanation.portal
    yield "Decided", f"{minute(now)}" + (f" by review {review}" if review else ", just now")
    yield "Rule", explanation.rule
    yield "Last seen", _last_seen(decision, now)
    yield "Window", f"{minute(explanation.required_since)} to {minute(now)}"
    yield "Due", _due(explanation)
    yield "Disabled", _disabled(explanation)
    yield "Undo", _undo(explanation)
    yield "Exempt", explanation.exemption or ""
    yield "Sponsor", decision.sponsor or ""
    if failed.count:
        newest = f", the newest on {minute(failed.last_at)}" if failed.last_at else ""
        yield (
            "Failed",
            (
                f"{counted(failed.count, 'failed sign-in')} from "
                f"{counted(failed.addresses, 'address', 'addresses')}{newest}; they never count"
            ),
        )


def _disabled(explanation: Explanation) -> str:
    by = explanation.disabled_by
    if by is None:
        return ""
    why = f" as {reason_in_words(by.reason)}: {by.explanation}" if by.reason else ""
    return f"by Lastseen, in the run {by.run_id} on {minute(by.at)}{why}"


def _undo(explanation: Explanation) -> str:
    by, decision = explanation.disabled_by, explanation.decision
    who = quote(decision.email or decision.user_id or "")
    return f"lastseen undo {by.run_id} {who}" if by else ""


def _last_seen(decision: Decision, now: Instant) -> str:
    if decision.last_seen_at is None:
        return last_seen(decision, now)
    at_most = "at most " if has_unread_gap(decision, now) else ""
    return f"{last_seen(decision, now)}, {at_most}{ago(decision.last_seen_at, now)}"


def _looked_at(explanation: Explanation, writer: TableWriter) -> Iterator[RenderableType]:
    yield writer.heading("Logs known to be complete")
    if not explanation.looked_at:
        yield writer.text("  None.")
    elif writer.screen.width < WIDE:
        yield writer.cards(
            (
                writer.text(f"{_LOGS[looked.kind]}, {_scope(looked)}"),
                writer.text(f"{minute(looked.interval.since)} to {minute(looked.interval.until)}"),
                writer.text((looked.proof, "dim")),
            )
            for looked in explanation.looked_at
        )
    else:
        table = writer.table(("Log", "Of", "Since", "Until", "Proof"))
        for column in table.columns[:4]:
            column.no_wrap = True
        for looked in explanation.looked_at:
            table.add_row(
                writer.text(_LOGS[looked.kind]),
                writer.text(_scope(looked)),
                writer.text(f"{looked.interval.since:%Y-%m-%d %H:%M}"),
                writer.text(f"{looked.interval.until:%Y-%m-%d %H:%M}"),
                writer.text((looked.proof, "dim")),
            )
        yield table


def _seen(explanation: Explanation, writer: TableWriter) -> Iterator[RenderableType]:
    yield writer.heading("Sightings")
    if explanation.sightings or explanation.unrecognised:
        yield _events(explanation.sightings, explanation.unrecognised, writer)
    elif explanation.decision.last_seen_at and explanation.seen_since:
        yield writer.text("  Only the newest sighting in each log is kept; see below.")
    else:
        yield writer.text("  None in the logs that were read.")
    if explanation.not_used:
        yield writer.heading(_NOT_USED)
        yield _events(explanation.not_used, (), writer)
    if since := _after_the_decision(explanation):
        yield writer.heading(_SINCE)
        yield _events(since, (), writer)


def _after_the_decision(explanation: Explanation) -> tuple[Sighting, ...]:
    return tuple(one for one in explanation.seen_since if one not in explanation.not_used)


def _events(
    sightings: Sequence[Sighting], unrecognised: Sequence[UnrecognisedEvent], writer: TableWriter
) -> RenderableType:
    table = writer.table(("When", "What", "Action", "Event"), numbers=("Action", "Event"))
    for sighting in sightings:
        table.add_row(
            writer.text(minute(sighting.at)),
            writer.text(sighting.kind.value),
            writer.text(str(sighting.action_id)),
            writer.text(str(sighting.event_id)),
        )
    for event in unrecognised:
        table.add_row(
            writer.text(minute(event.at)),
            writer.text(("unrecognised", "yellow")),
            writer.text(str(event.action_id)),
            writer.text(str(event.event_id)),
        )
    return table


def _list(title: str, sentences: tuple[str, ...], writer: TableWriter) -> Iterator[RenderableType]:
    if sentences:
        yield writer.heading(title)
        yield writer.grid((writer.text("-"), writer.text(sentence)) for sentence in sentences)


def _due(explanation: Explanation) -> str:
    due, decision, now = explanation.due_at, explanation.decision, explanation.now
    if due is None:
        return ""
    if due > now:
        return minute(due)
    earlier = " or earlier" if idle_for_longer(decision, now) else ""
    return f"overdue since {day(due)}{earlier}"


def _scope(looked: LookedAt) -> str:
    return "everyone" if looked.scope == "portal" else "this person"


_LOGS = {EvidenceKind.SIGN_IN: "sign-in log", EvidenceKind.ACTIVITY: "activity trail"}
