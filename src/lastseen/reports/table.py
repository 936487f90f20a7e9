"""A plan as a table for people: who would be disabled, who is on hold, and what to do next.

From 110 columns a person takes one line, from 72 columns two, below that a card.
"""

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from lastseen.model.counting import counted, number
from lastseen.model.decision import Decision, Reason, Verdict, idle_for_longer
from lastseen.model.due import due_soon, holds
from lastseen.model.instant import Instant, minute
from lastseen.model.plan import Plan
from lastseen.reports.interface import PlanContext
from lastseen.reports.next_steps import next_steps
from lastseen.reports.sections import (
    ORDER,
    TITLES,
    count_of,
    headline,
    idle_since_registration,
    people_with,
    reasons_of,
    shared_explanations,
    words_for_no_sighting,
)
from lastseen.reports.table_notes import (
    Section,
    cohort_note,
    failed_note,
    joined,
    notes_about,
    reason_note,
    session_note,
    sponsor_note,
)
from lastseen.reports.terminal import NARROW, VERDICT_STYLES, WIDE, TableWriter, printed, width_of
from lastseen.reports.text import day
from lastseen.reports.words import (
    address,
    cohort_in_words,
    cost_in_words,
    date_in_words,
    evidence_in_words,
    has_unread_gap,
    hold_in_words,
    idle_in_words,
    policy_in_words,
    population_in_words,
    reason_in_words,
    seen_by_in_words,
    who,
)

_LISTED = (Verdict.DISABLE, Verdict.SIGN_OUT, Verdict.HOLD)
"""Decisions whose people are listed by default."""


class TablePlan:
    """The plan for a terminal or a pipe."""

    endings = (".txt",)

    def render(self, plan: Plan, context: PlanContext) -> bytes:
        """Return the table in the screen's encoding, no line wider than the screen."""
        writer = TableWriter(context.screen)
        return printed(context.screen, _pieces(plan, context, writer))


def _pieces(plan: Plan, context: PlanContext, writer: TableWriter) -> Iterator[RenderableType]:
    yield from _header(plan, context, writer)
    shown = ORDER if writer.screen.everyone else _LISTED
    for verdict in [context.only] if context.only else shown:
        yield from _section(plan, verdict, writer)
    if context.soon_days is not None:
        yield from _soon(plan, context.soon_days, writer)
    yield from _summary(plan, writer)
    yield from next_steps(plan, context, writer)


def _header(plan: Plan, context: PlanContext, writer: TableWriter) -> Iterator[RenderableType]:
    complete, everything = plan.evidence.complete, writer.screen.everyone
    verdict, *known = evidence_in_words(plan)  # each sentence is a part: a part may be cut
    known = [*known, f"{cost_in_words(plan)}."] if everything else [] if complete else known[:1]
    rules = policy_in_words(plan.policy)
    if not everything:
        decided = {one.cohort for one in plan.decisions}
        cohorts = (one for one in plan.policy.cohorts if one.name in decided)
        rules = (*rules[:2], *map(cohort_in_words, cohorts))
    yield writer.text((f"{headline(plan, context)}.", "bold"))
    rows = [
        ("Portal", writer.text(f"{plan.portal}, {minute(plan.now)}")),
        ("Plan", writer.text(plan.plan_id)),
        ("Policy", writer.text(*_spaced(rules))),
        (
            "Evidence",
            writer.text((verdict, "green" if complete else "yellow"), " ", *_spaced(known)),
        ),
    ]
    if plan.population is not None:
        rows.insert(1, ("Roster", writer.text(population_in_words(plan.population))))
    yield writer.pairs(rows)


def _spaced(sentences: Sequence[str]) -> Iterator[str]:
    return (sentence if place == 0 else f" {sentence}" for place, sentence in enumerate(sentences))


def _section(plan: Plan, verdict: Verdict, writer: TableWriter) -> Iterator[RenderableType]:
    everyone = people_with(plan, verdict)
    if not everyone:
        return
    yield writer.heading((f"{TITLES[verdict]}: {number(len(everyone))}", VERDICT_STYLES[verdict]))
    if verdict is Verdict.HOLD:
        yield _holds(plan, writer)
    shared = shared_explanations(everyone, plan.policy)
    yield from _shared(shared, writer)
    listed = everyone[: writer.screen.limit]
    yield _people(Section(plan=plan, shared=frozenset(shared)), listed, writer)
    if len(listed) < len(everyone):
        yield writer.text(
            (f"  and {number(len(everyone) - len(listed))} more; --all lists everyone", "dim")
        )
    yield from _about_dates(plan, listed, writer)


def _about_dates(
    plan: Plan, listed: Sequence[Decision], writer: TableWriter
) -> Iterator[RenderableType]:
    """Say what the lower bounds mean, where there are any that reading on would replace."""
    if any(one.reason is Reason.INACTIVE and idle_for_longer(one, plan.now) for one in listed):
        at_least = "≥" if writer.unicode else ">="
        command = "`lastseen review --dates all` reads them"
        yield writer.text((f"  {at_least}: older entries were not all read; {command}", "dim"))


def _holds(plan: Plan, writer: TableWriter) -> RenderableType:
    """Say for each reason what would clear it, and by when."""
    rows = [
        (writer.text((number(one.count), "yellow")), writer.text(hold_in_words(one)))
        for one in holds(plan)
    ]
    return writer.grid(rows, numbers=(0,))


def _shared(shared: Mapping[str, int], writer: TableWriter) -> Iterator[RenderableType]:
    """Yield each explanation that several people share, with how many they are."""
    if shared:
        rows = [(writer.text(number(count)), writer.text(text)) for text, count in shared.items()]
        yield writer.grid(rows, numbers=(0,))


def _people(section: Section, listed: Sequence[Decision], writer: TableWriter) -> RenderableType:
    if writer.screen.width < NARROW:
        return writer.cards(_card(section, decision, writer) for decision in listed)
    if writer.screen.width < WIDE:
        return Group(*_two_lines_each(section, listed, writer))
    return Group(*_one_line_each(section, listed, writer))


def _two_lines_each(
    section: Section, listed: Sequence[Decision], writer: TableWriter
) -> Iterator[RenderableType]:
    width = writer.screen.width
    fixed = _fixed(section.plan, listed, writer)
    widths = (width - sum(fixed) - 2 * len(fixed), *fixed)
    yield from _head(("Who", "Last seen", "By", "Idle"), widths, writer, right=3)
    for decision in listed:
        named, below = _name_and_notes(section, decision, writer, widths[0])
        cells = (
            named,
            _date(decision, section.plan.now, writer),
            _kind(decision, section.plan.now, writer),
            _idle(decision, section.plan.now, writer),
        )
        if writer.screen.in_full and writer.cuts(cells, widths):
            yield writer.cards([_card(section, decision, writer)])
            continue
        yield writer.row(cells, widths, right=3)
        if below:
            yield writer.below(below)


def _name_and_notes(
    section: Section, decision: Decision, writer: TableWriter, width: int
) -> tuple[Text, Text]:
    """Return what stands in the name's column of `width`, and in the line below.

    If the line below is too long, the sponsor or the failed sign-ins move beside the name; where
    not everyone is listed, the sponsor then gives way to the reason.
    """
    name = writer.text((who(decision), "bold"))
    email, sponsor = writer.text((address(decision), "dim")), sponsor_note(decision, writer)
    reason = reason_note(section, decision, writer)
    main = [reason, session_note(decision, writer), email]
    rest = writer.screen.width - 2
    below = Text()
    for failed in (failed_note(decision, writer), failed_note(decision, writer, in_full=False)):
        for beside, others in (
            (Text(), [failed, cohort_note(decision, writer), sponsor]),
            (sponsor, [failed, cohort_note(decision, writer)]),
            (failed, [cohort_note(decision, writer), sponsor]),
        ):
            named = joined([name, beside], writer)
            below = joined([*main, *others], writer)
            if below.cell_len <= rest and (not beside or named.cell_len <= width):
                return named, below
    if reason and not writer.screen.in_full:
        named = joined([name, failed], writer)
        others = [cohort_note(decision, writer)]
        return (
            (named, joined([*main, *others], writer))
            if named.cell_len <= width
            else (name, joined([*main, failed, *others], writer))
        )
    return name, below


def _one_line_each(
    section: Section, listed: Sequence[Decision], writer: TableWriter
) -> Iterator[RenderableType]:
    names = [writer.text((_name(decision), "bold")) for decision in listed]
    emails = [writer.text(decision.email or decision.user_id or "") for decision in listed]
    sponsors = [writer.text((decision.sponsor or "", "dim")) for decision in listed]
    seen = [_seen(decision, section.plan.now, writer) for decision in listed]
    titles: tuple[str, ...] = ("Who", "E-mail", "Last seen", "Idle")
    widths: tuple[int, ...] = (
        max(3, width_of(names, at_most=24)),
        max(6, width_of(emails, at_most=34)),
        max(9, width_of(seen, at_most=24)),
        max(4, width_of((_idle(one, section.plan.now, writer) for one in listed), at_most=11)),
    )
    sponsor = width_of(sponsors, at_most=20)
    if sponsor:
        titles, widths = (*titles, "Sponsor"), (*widths, max(7, sponsor))
    rest = writer.screen.width - sum(widths) - 2 * len(widths)
    notes = [_shortest_note(decision, section, writer, rest) for decision in listed]
    beside = any(0 < note.cell_len <= rest for note in notes)
    titles, widths = (*titles, "Note" if beside else ""), (*widths, rest)
    yield from _head(titles, widths, writer, right=3)
    for decision, name, email, date, sponsored, note in zip(
        listed, names, emails, seen, sponsors, notes, strict=True
    ):
        fits = note.cell_len <= rest
        cells = [name, email, date, _idle(decision, section.plan.now, writer)]
        cells += [sponsored] if sponsor else []
        if writer.screen.in_full and writer.cuts(cells, widths[: len(cells)]):
            yield writer.cards([_card(section, decision, writer)])
            continue
        yield writer.row((*cells, note if fits else Text()), widths, right=3)
        if not fits:
            yield writer.below(note)


def _seen(decision: Decision, now: Instant, writer: TableWriter) -> Text:
    """Return date and kind in one: `2026-06-24 sign-in`, `never; reg. 2025-12-14`."""
    kind = _kind(decision, now, writer)
    if decision.reason is not Reason.NEVER_SEEN and idle_since_registration(decision):
        return kind
    parts = [part for part in (_date(decision, now, writer), kind) if part]
    return writer.text(" ").join(parts)


def _shortest_note(decision: Decision, section: Section, writer: TableWriter, rest: int) -> Text:
    """Return the note in full where it takes at most `rest` columns, else in few words."""
    full = joined(list(notes_about(section, decision, writer)), writer)
    return (
        full
        if full.cell_len <= rest
        else joined(list(notes_about(section, decision, writer, in_full=False)), writer)
    )


def _name(decision: Decision) -> str:
    """Return the name; empty if the portal shows the address instead."""
    name = decision.display_name or ""
    return "" if name.casefold() == (decision.email or "").casefold() else name


def _fixed(plan: Plan, listed: Sequence[Decision], writer: TableWriter) -> tuple[int, int, int]:
    """Return the widths of the columns for date, kind and days."""
    return (
        max(10, width_of((_date(one, plan.now, writer) for one in listed), at_most=20)),
        max(2, width_of((_kind(one, plan.now, writer) for one in listed), at_most=20)),
        max(4, width_of((_idle(one, plan.now, writer) for one in listed), at_most=11)),
    )


def _head(
    titles: Sequence[str], widths: Sequence[int], writer: TableWriter, *, right: int
) -> Iterator[RenderableType]:
    yield writer.row([writer.text((title, "dim")) for title in titles], widths, right=right)
    yield Text(("─" if writer.unicode else "-") * writer.screen.width, style="dim")


def _card(section: Section, decision: Decision, writer: TableWriter) -> tuple[Text, ...]:
    beside = f"  {address(decision)}" if address(decision) else ""
    idle = _idle(decision, section.plan.now, writer)
    seen = joined(
        [
            _date(decision, section.plan.now, writer),
            _kind(decision, section.plan.now, writer),
            Text.assemble("idle ", idle) if idle else Text(),
        ],
        writer,
    )
    return (
        writer.text((who(decision), "bold"), beside),
        seen,
        *notes_about(section, decision, writer),
        sponsor_note(decision, writer),
    )


def _date(decision: Decision, now: Instant, writer: TableWriter) -> Text:
    words = words_for_no_sighting(decision, now)
    if words is not None:
        return writer.text((words, "dim"))
    return writer.text(date_in_words(decision, now))


def _idle(decision: Decision, now: Instant, writer: TableWriter) -> Text:
    said = idle_in_words(decision, now, unicode=writer.unicode)
    return writer.text(f"{said} d" if said else "")


def _kind(decision: Decision, now: Instant, writer: TableWriter) -> Text:
    """Return the kind of the date; empty if the date is not shown."""
    kind = "" if has_unread_gap(decision, now) else seen_by_in_words(decision)
    return writer.text((kind, "dim"))


def _soon(plan: Plan, within_days: int, writer: TableWriter) -> Iterator[RenderableType]:
    due = due_soon(plan, within_days)
    yield writer.heading(f"Due within {counted(within_days, 'day')}: {number(len(due))}")
    rows = [
        (writer.text(day(at)), writer.text((who(one), "bold")), writer.text(address(one)))
        for at, one in due[: writer.screen.limit]
    ]
    if rows:
        yield writer.grid(rows)


def _summary(plan: Plan, writer: TableWriter) -> Iterator[RenderableType]:
    if not plan.decisions:
        return
    yield writer.heading("Summary")
    rows = []
    for verdict in ORDER:
        count = count_of(plan.summary, verdict)
        if not count:
            continue
        reasons = ", ".join(
            f"{reason_in_words(reason)} {number(times)}"
            for reason, times in reasons_of(plan, verdict)
        )
        said = writer.text((TITLES[verdict].lower(), VERDICT_STYLES[verdict]))
        rows.append((said, writer.text(number(count)), writer.text((reasons, "dim"))))
    yield writer.grid(rows, numbers=(1,))
