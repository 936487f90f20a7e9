"""A plan as a table for people: who would be disabled, who is on hold, and how many the rest are.

From 150 columns on every field has its own column, from 72 on a person takes a few lines of four
columns, below that a card.
"""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from lastseen.model.counting import counted, number
from lastseen.model.decision import Decision, SeenBy, Verdict
from lastseen.model.plan import Plan
from lastseen.reports.interface import Screen
from lastseen.reports.sections import ORDER, count_of, headline, people_with, reasons_of
from lastseen.reports.terminal import (
    NARROW,
    VERDICT_STYLES,
    WIDE,
    TableWriter,
    printed,
    width_of,
)
from lastseen.reports.text import day, minute
from lastseen.reports.words import (
    cost_in_words,
    evidence_in_words,
    last_seen,
    policy_in_words,
    reason_in_words,
    unseen,
    who,
)


class TablePlan:
    """The plan for a terminal or a pipe."""

    endings = (".txt",)

    def render(self, plan: Plan, screen: Screen) -> bytes:
        """Return the table in the screen's encoding, no line wider than the screen."""
        return printed(screen, _pieces(plan, TableWriter(screen)))


def _pieces(plan: Plan, writer: TableWriter) -> Iterator[RenderableType]:
    yield from _header(plan, writer)
    for verdict in (Verdict.DISABLE, Verdict.HOLD):
        yield from _section(plan, verdict, writer)
    if writer.screen.verbose:
        for verdict in (Verdict.KEEP, Verdict.SKIP):
            yield from _section(plan, verdict, writer)
    yield from _summary(plan, writer)


def _header(plan: Plan, writer: TableWriter) -> Iterator[RenderableType]:
    complete, everything = plan.evidence.complete, writer.screen.verbose
    verdict, *grounds = evidence_in_words(plan)
    grounds = grounds if everything or not complete else grounds[:1]
    rules = policy_in_words(plan.policy)
    yield writer.text((f"{headline(plan)}.", "bold"))
    yield writer.pairs(
        [
            ("Portal", writer.text(plan.portal)),
            ("Now", writer.text(minute(plan.now))),
            ("Policy", writer.text(" ".join(rules if everything else rules[:2]))),
            (
                "Evidence",
                writer.text(
                    (verdict, "green" if complete else "yellow"),
                    " ",
                    " ".join((*grounds, f"{cost_in_words(plan)}.")),
                ),
            ),
            ("Plan", writer.text(plan.plan_id)),
        ]
    )
    if plan.pretended:
        yield writer.text(
            (
                f"Pretended: made on {minute(plan.created_at)} for another instant, so it can't be "
                "applied.",
                "yellow",
            )
        )


def _section(plan: Plan, verdict: Verdict, writer: TableWriter) -> Iterator[RenderableType]:
    people = people_with(plan, verdict)
    if not people:
        return
    yield writer.heading((f"{_TITLES[verdict]}: {number(len(people))}", VERDICT_STYLES[verdict]))
    if writer.screen.width < NARROW:
        yield writer.cards(_card(decision, writer) for decision in people)
    elif writer.screen.width < WIDE:
        yield _compact(people, writer)
    else:
        yield _full(people, writer)


def _compact(people: Sequence[Decision], writer: TableWriter) -> RenderableType:
    rows = [
        (
            _person(decision, writer),
            _date_over_log(decision, writer),
            _idle(decision, writer),
            writer.lines(writer.text(decision.explanation), _failed(decision, writer)),
        )
        for decision in people
    ]
    table = writer.table(("Who", "Last seen", "Idle", "Why"), numbers=("Idle",))
    who_column, seen, idle, _ = table.columns
    who_column.width = width_of((row[0] for row in rows), at_most=writer.screen.width * 3 // 7)
    seen.width, idle.width = 11, max(4, width_of((row[2] for row in rows), at_most=7))
    for row in rows:
        table.add_row(*row)
    return table


def _full(people: Sequence[Decision], writer: TableWriter) -> RenderableType:
    candidates = {
        "Name": [writer.text((decision.display_name or "", "bold")) for decision in people],
        "E-mail": [writer.text(decision.email or decision.user_id or "") for decision in people],
        "Last seen": [_date_over_log(decision, writer) for decision in people],
        "Idle": [_idle(decision, writer) for decision in people],
        "Failed": [_failed_number(decision, writer) for decision in people],
        "Sponsor": [writer.text((decision.sponsor or "", "dim")) for decision in people],
    }
    columns = {name: cells for name, cells in candidates.items() if any(cells)}
    table = writer.table((*columns, "Why"), numbers=("Idle", "Failed"))
    for column, (name, cells) in zip(table.columns, columns.items(), strict=False):
        column.width = max(len(name), width_of(cells, at_most=_WIDEST[name]))
    for decision, *row in zip(people, *columns.values(), strict=True):
        table.add_row(*row, writer.text(decision.explanation))
    return table


def _card(decision: Decision, writer: TableWriter) -> tuple[Text, ...]:
    idle = f"idle {counted(decision.idle_days, 'day')}, " if decision.idle_days is not None else ""
    address = decision.email or decision.user_id
    beside = f"  {address}" if address and address != who(decision) else ""
    return (
        writer.text((who(decision), "bold"), beside),
        writer.text(f"{idle}last seen {last_seen(decision)}"),
        writer.text(decision.explanation),
        _failed(decision, writer),
        _sponsor(decision, writer),
    )


def _person(decision: Decision, writer: TableWriter) -> Text:
    address = decision.email or decision.user_id
    below = writer.text((address, "dim")) if address and address != who(decision) else None
    return writer.lines(writer.text((who(decision), "bold")), below, _sponsor(decision, writer))


def _date_over_log(decision: Decision, writer: TableWriter) -> Text:
    if decision.last_seen_at is None:
        return writer.text((unseen(decision), "dim"))
    registered = decision.last_seen_by is SeenBy.REGISTRATION
    log = "registered" if registered else decision.last_seen_by or ""
    return writer.lines(writer.text(day(decision.last_seen_at)), writer.text((log, "dim")))


def _idle(decision: Decision, writer: TableWriter) -> Text:
    if decision.idle_days is None:
        return Text()
    return writer.text(f"{number(decision.idle_days)} d")


def _failed(decision: Decision, writer: TableWriter) -> Text:
    count = decision.failed_sign_ins
    return writer.text((counted(count, "failed sign-in"), "yellow")) if count else Text()


def _failed_number(decision: Decision, writer: TableWriter) -> Text:
    count = decision.failed_sign_ins
    return writer.text((number(count), "yellow")) if count else Text()


def _sponsor(decision: Decision, writer: TableWriter) -> Text:
    return writer.text((f"sponsor: {decision.sponsor}", "dim")) if decision.sponsor else Text()


def _summary(plan: Plan, writer: TableWriter) -> Iterator[RenderableType]:
    if not plan.decisions:
        return
    yield writer.heading("Summary")
    rows = []
    for verdict in ORDER:
        reasons = ", ".join(
            f"{reason_in_words(reason)} {number(count)}"
            for reason, count in reasons_of(plan, verdict)
        )
        count = count_of(plan.summary, verdict)
        style = VERDICT_STYLES[verdict] if count else "dim"
        rows.append(
            (writer.text(verdict.value), writer.text((number(count), style)), writer.text(reasons))
        )
    yield writer.grid(rows, numbers=(1,))
    if plan.summary.keep + plan.summary.skip and not writer.screen.verbose:
        yield writer.text(("lastseen -v review lists those kept and skipped one by one.", "dim"))


_WIDEST = {"Name": 22, "E-mail": 36, "Last seen": 11, "Idle": 7, "Failed": 7, "Sponsor": 28}
_TITLES = {
    Verdict.DISABLE: "To be disabled",
    Verdict.SIGN_OUT: "To be signed out",
    Verdict.HOLD: "On hold",
    Verdict.KEEP: "Kept",
    Verdict.SKIP: "Skipped",
}
