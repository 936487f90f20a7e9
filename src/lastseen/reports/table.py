"""A plan as a table for people: who would be disabled, who is on hold, and how many the rest are.

From 150 columns on every field has its own column, from 72 on a person takes a few lines of four
columns, below that a card.
"""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from lastseen.decision import Decision, SeenBy, Verdict
from lastseen.plan import Plan
from lastseen.reports.interface import Screen
from lastseen.reports.sections import ORDER, count_of, headline, people_with, reasons_of
from lastseen.reports.terminal import (
    NARROW,
    VERDICT_STYLES,
    WIDE,
    Pen,
    picture_of,
    printed,
    width_of,
)
from lastseen.reports.text import (
    cost_in_words,
    counted,
    day,
    evidence_in_words,
    last_seen,
    minute,
    number,
    policy_in_words,
    reason_in_words,
    who,
)


class TablePlan:
    """The plan for a terminal or a pipe."""

    endings = (".txt",)

    def render(self, plan: Plan, screen: Screen) -> bytes:
        """Return the table in the screen's encoding, no line wider than the screen."""
        return printed(screen, _pieces(plan, Pen(screen)))


def table_svg(plan: Plan, width: int) -> str:
    """Return the coloured table, `width` columns wide, as a self-contained SVG picture."""
    pen = Pen(Screen(width=width, colour=True))
    return picture_of(width, _pieces(plan, pen), title="lastseen review")


def _pieces(plan: Plan, pen: Pen) -> Iterator[RenderableType]:
    yield from _header(plan, pen)
    for verdict in (Verdict.DISABLE, Verdict.HOLD):
        yield from _section(plan, verdict, pen)
    if pen.screen.verbose:
        for verdict in (Verdict.KEEP, Verdict.SKIP):
            yield from _section(plan, verdict, pen)
    yield from _summary(plan, pen)


def _header(plan: Plan, pen: Pen) -> Iterator[RenderableType]:
    complete, everything = plan.evidence.complete, pen.screen.verbose
    verdict, *grounds = evidence_in_words(plan)
    grounds = grounds if everything or not complete else grounds[:1]
    rules = policy_in_words(plan.policy)
    yield pen.text((f"{headline(plan)}.", "bold"))
    yield pen.pairs(
        [
            ("Portal", pen.text(plan.portal)),
            ("Now", pen.text(minute(plan.now))),
            ("Policy", pen.text(" ".join(rules if everything else rules[:2]))),
            (
                "Evidence",
                pen.text(
                    (verdict, "green" if complete else "yellow"),
                    " ",
                    " ".join((*grounds, f"{cost_in_words(plan)}.")),
                ),
            ),
            ("Plan", pen.text(plan.plan_id)),
        ]
    )
    if plan.pretended:
        yield pen.text(
            (
                f"Pretended: made on {minute(plan.created_at)} for another instant, so it can't be "
                "applied.",
                "yellow",
            )
        )


def _section(plan: Plan, verdict: Verdict, pen: Pen) -> Iterator[RenderableType]:
    people = people_with(plan, verdict)
    if not people:
        return
    yield pen.heading((f"{_TITLES[verdict]}: {number(len(people))}", VERDICT_STYLES[verdict]))
    if pen.screen.width < NARROW:
        yield pen.cards(_card(decision, pen) for decision in people)
    elif pen.screen.width < WIDE:
        yield _compact(people, pen)
    else:
        yield _full(people, pen)


def _compact(people: Sequence[Decision], pen: Pen) -> RenderableType:
    rows = [
        (
            _person(decision, pen),
            _date_over_log(decision, pen),
            _idle(decision, pen),
            pen.lines(pen.text(decision.explanation), _failed(decision, pen)),
        )
        for decision in people
    ]
    table = pen.table(("Who", "Last seen", "Idle", "Why"), numbers=("Idle",))
    who_column, seen, idle, _ = table.columns
    who_column.width = width_of((row[0] for row in rows), at_most=pen.screen.width * 3 // 7)
    seen.width, idle.width = 11, max(4, width_of((row[2] for row in rows), at_most=7))
    for row in rows:
        table.add_row(*row)
    return table


def _full(people: Sequence[Decision], pen: Pen) -> RenderableType:
    candidates = {
        "Name": [pen.text((decision.display_name or "", "bold")) for decision in people],
        "E-mail": [pen.text(decision.email or decision.user_id or "") for decision in people],
        "Last seen": [_date_over_log(decision, pen) for decision in people],
        "Idle": [_idle(decision, pen) for decision in people],
        "Failed": [_failed_number(decision, pen) for decision in people],
        "Sponsor": [pen.text((decision.sponsor or "", "dim")) for decision in people],
    }
    columns = {name: cells for name, cells in candidates.items() if any(cells)}
    table = pen.table((*columns, "Why"), numbers=("Idle", "Failed"))
    for column, (name, cells) in zip(table.columns, columns.items(), strict=False):
        column.width = max(len(name), width_of(cells, at_most=_WIDEST[name]))
    for decision, *row in zip(people, *columns.values(), strict=True):
        table.add_row(*row, pen.text(decision.explanation))
    return table


def _card(decision: Decision, pen: Pen) -> tuple[Text, ...]:
    idle = f"idle {counted(decision.idle_days, 'day')}, " if decision.idle_days is not None else ""
    address = decision.email or decision.user_id
    beside = f"  {address}" if address and address != who(decision) else ""
    return (
        pen.text((who(decision), "bold"), beside),
        pen.text(f"{idle}last seen: {last_seen(decision)}"),
        pen.text(decision.explanation),
        _failed(decision, pen),
        _sponsor(decision, pen),
    )


def _person(decision: Decision, pen: Pen) -> Text:
    address = decision.email or decision.user_id
    below = pen.text((address, "dim")) if address and address != who(decision) else None
    return pen.lines(pen.text((who(decision), "bold")), below, _sponsor(decision, pen))


def _date_over_log(decision: Decision, pen: Pen) -> Text:
    if decision.last_seen_at is None:
        return pen.text(("no sighting", "dim"))
    registered = decision.last_seen_by is SeenBy.REGISTRATION
    log = "registered" if registered else decision.last_seen_by or ""
    return pen.lines(pen.text(day(decision.last_seen_at)), pen.text((log, "dim")))


def _idle(decision: Decision, pen: Pen) -> Text:
    if decision.idle_days is None:
        return Text()
    return pen.text(f"{number(decision.idle_days)} d")


def _failed(decision: Decision, pen: Pen) -> Text:
    count = decision.failed_sign_ins
    return pen.text((counted(count, "failed sign-in"), "yellow")) if count else Text()


def _failed_number(decision: Decision, pen: Pen) -> Text:
    count = decision.failed_sign_ins
    return pen.text((number(count), "yellow")) if count else Text()


def _sponsor(decision: Decision, pen: Pen) -> Text:
    return pen.text((f"sponsor: {decision.sponsor}", "dim")) if decision.sponsor else Text()


def _summary(plan: Plan, pen: Pen) -> Iterator[RenderableType]:
    if not plan.decisions:
        return
    yield pen.heading("Summary")
    rows = []
    for verdict in ORDER:
        reasons = ", ".join(
            f"{reason_in_words(reason)} {number(count)}"
            for reason, count in reasons_of(plan, verdict)
        )
        count = count_of(plan.summary, verdict)
        style = VERDICT_STYLES[verdict] if count else "dim"
        rows.append((pen.text(verdict.value), pen.text((number(count), style)), pen.text(reasons)))
    yield pen.grid(rows, numbers=(1,))
    if plan.summary.keep + plan.summary.skip and not pen.screen.verbose:
        yield pen.text(("lastseen -v review lists those kept and skipped one by one.", "dim"))


_WIDEST = {"Name": 22, "E-mail": 36, "Last seen": 11, "Idle": 7, "Failed": 7, "Sponsor": 28}
_TITLES = {
    Verdict.DISABLE: "To be disabled",
    Verdict.HOLD: "On hold",
    Verdict.KEEP: "Kept",
    Verdict.SKIP: "Skipped",
}
