"""A receipt as a table for people: who was changed, who was not and why, and how to undo it.

The receipt's JSON form is its contract and lives with the struct.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import msgspec
from rich.console import RenderableType
from rich.text import Text

from lastseen.model.counting import counted, people
from lastseen.model.decision import Decision, Reason
from lastseen.model.instant import minute
from lastseen.model.plan import Plan
from lastseen.model.receipt import Outcome, OutcomeKind, Receipt
from lastseen.reports.interface import Screen
from lastseen.reports.terminal import NARROW, OUTCOME_STYLES, WIDE, TableWriter, printed, width_of
from lastseen.reports.text import took
from lastseen.reports.words import outcome_of, reason_in_words, receipt_in_words


def receipt_table(receipt: Receipt, screen: Screen, plan: Plan | None) -> bytes:
    """Return the receipt in the screen's encoding; `plan` adds names and reasons."""
    return printed(screen, _pieces(receipt, plan, TableWriter(screen)))


def attention_first(outcome: Outcome) -> tuple[int, str]:
    """Return a sort key by which outcomes that need attention come first."""
    return (_ATTENTION.index(outcome.outcome), (outcome.email or outcome.user_id).casefold())


def is_unverified(outcome: Outcome) -> bool:
    """Return whether a change was not confirmed by reading the account again."""
    return outcome.outcome in _CHANGES and not outcome.verified


def reason_of(outcome: Outcome, decided: Decision | None) -> Reason | None:
    """Return why the plan decided so; in receipts of earlier versions only the plan says it."""
    return outcome.reason or (decided.reason if decided else None)


def was_marked(outcome: Outcome, decided: Decision | None) -> bool:
    """Return whether somebody was disabled although a session may have been open."""
    may_be_open = outcome.session_may_be_open or (decided and decided.session_may_be_open)
    return bool(may_be_open) and outcome.outcome is OutcomeKind.DISABLED


def outcome_pieces(
    receipt: Receipt, plan: Plan | None, writer: TableWriter
) -> Iterator[RenderableType]:
    """Yield the outcomes, those that need attention first, then the undo command."""
    if receipt.outcomes:
        yield Text()
        decisions = {one.user_id: one for one in plan.decisions} if plan else {}
        outcomes = [
            (outcome, decisions.get(outcome.user_id))
            for outcome in sorted(receipt.outcomes, key=attention_first)
        ]
        remarks = remarks_of(outcome for outcome, _ in outcomes)
        alike = frozenset[tuple[OutcomeKind, str | None]]()
        if not writer.screen.in_full:
            alike = _many_alike(receipt.outcomes)
        listed = [one for one in outcomes if (one[0].outcome, one[0].error) not in alike]
        if listed and writer.screen.width < NARROW:
            yield writer.cards(
                _card(outcome, decided, remarks, writer) for outcome, decided in listed
            )
        elif listed:
            yield _table(listed, remarks, writer)
        yield from _counted(receipt, alike, remarks, writer)
        yield from remark_pieces(remarks, writer)
    if receipt.can_be_undone:
        yield Text()
        yield writer.text("To undo it: ", (f"lastseen undo {receipt.run_id}", "bold"))


class Remark(msgspec.Struct, frozen=True):
    """One remark of a receipt, told once for everyone whom it is about."""

    number: int
    """The number by which the rows refer to it, from 1."""
    count: int
    """How many people it is about."""


def remarks_of(outcomes: Iterable[Outcome]) -> dict[str, Remark]:
    """Return each remark of the outcomes with its number, in the order of the rows."""
    counts = Counter(outcome.error for outcome in outcomes if outcome.error)
    return {text: Remark(place, count) for place, (text, count) in enumerate(counts.items(), 1)}


def remark_pieces(remarks: Mapping[str, Remark], writer: TableWriter) -> Iterator[RenderableType]:
    """Yield each remark once, with its number and for how many people it is."""
    if not remarks:
        return
    yield writer.heading("Remarks")
    yield writer.grid(
        (
            (
                writer.text(str(remark.number)),
                writer.text(f"{people(remark.count)}: " if remark.count > 1 else "", text),
            )
            for text, remark in remarks.items()
        ),
        numbers=(0,),
    )


def _many_alike(outcomes: Iterable[Outcome]) -> frozenset[tuple[OutcomeKind, str | None]]:
    """Return the outcomes with a remark of which more people were spared than are listed."""
    counts = Counter((one.outcome, one.error) for one in outcomes if one.error)
    return frozenset(
        kind for kind, count in counts.items() if kind[0] in _SPARED and count > _LISTED_ALIKE
    )


def _counted(
    receipt: Receipt,
    alike: Collection[tuple[OutcomeKind, str | None]],
    remarks: Mapping[str, Remark],
    writer: TableWriter,
) -> Iterator[RenderableType]:
    """Yield one line for each outcome that is counted instead of listed."""
    for text, remark in remarks.items():
        for kind, error in alike:
            if error == text:
                count = sum((one.outcome, one.error) == (kind, error) for one in receipt.outcomes)
                yield writer.text(
                    f"{people(count)} {kind.in_words}, remark {remark.number}; "
                    f"`lastseen show {receipt.run_id} -o receipt.csv` lists them"
                )


def _pieces(receipt: Receipt, plan: Plan | None, writer: TableWriter) -> Iterator[RenderableType]:
    yield writer.text((f"{receipt_in_words(receipt).capitalize()}.", "bold"))
    unverified = sum(map(is_unverified, receipt.outcomes))
    if unverified:
        yield writer.text(
            (
                f"{counted(unverified, 'change')} not confirmed by reading the account again.",
                "bold yellow",
            )
        )
    duration = took(receipt.started_at, receipt.finished_at)
    portal = receipt.portal or (plan.portal if plan else "")
    facts = (
        ("Portal", portal),
        ("Run", receipt.run_id),
        ("Plan", receipt.plan_id),
        ("SHA-256", (receipt.plan_digest or "").removeprefix("sha256:")),
        ("By", receipt.operator.in_full if receipt.operator else ""),
        ("When", f"{minute(receipt.started_at)}, took {duration}"),
        ("Journal", receipt.journal_head or "not written"),
    )
    yield writer.pairs((name, writer.text(said)) for name, said in facts if said)
    yield from outcome_pieces(receipt, plan, writer)


def _table(
    outcomes: Sequence[tuple[Outcome, Decision | None]],
    remarks: Mapping[str, Remark],
    writer: TableWriter,
) -> RenderableType:
    rows = [
        {
            "Who": writer.text((outcome.email or outcome.user_id, "bold")),
            "Name": writer.text((decided.display_name or "") if decided else ""),
            "Outcome": _kind(outcome, writer),
            "Verified": _verified(outcome, writer),
            "Decided for": _reason(outcome, decided, writer),
            "Remark": _number(outcome, remarks, writer),
        }
        for outcome, decided in outcomes
    ]
    optional = ("Name", "Decided for") if writer.screen.width >= WIDE else ("Decided for",)
    columns = [
        name
        for name in rows[0]
        if name in ("Who", "Outcome", "Verified")
        or ((name in optional or name == "Remark") and any(row[name] for row in rows))
    ]
    table = writer.table(columns)
    table.columns[0].width = max(
        3, width_of((row["Who"] for row in rows), at_most=writer.screen.width * 3 // 7)
    )
    for row in rows:
        table.add_row(*(row[name] for name in columns))
    return table


def _card(
    outcome: Outcome,
    decided: Decision | None,
    remarks: Mapping[str, Remark],
    writer: TableWriter,
) -> tuple[Text, ...]:
    verified = _verified(outcome, writer)
    return (
        writer.text((outcome.email or outcome.user_id, "bold")),
        Text.assemble(_kind(outcome, writer), ", verified: " if verified else "", verified),
        _reason(outcome, decided, writer),
        writer.text("remark ", _number(outcome, remarks, writer).plain)
        if outcome.error
        else Text(),
    )


def _number(outcome: Outcome, remarks: Mapping[str, Remark], writer: TableWriter) -> Text:
    return writer.text(str(remarks[outcome.error].number) if outcome.error else "")


def _reason(outcome: Outcome, decided: Decision | None, writer: TableWriter) -> Text:
    reason = reason_of(outcome, decided)
    if reason is None:
        return Text()
    told = reason_in_words(reason)
    if was_marked(outcome, decided):
        return writer.text((f"{told}, may be signed in", "dim"))
    return writer.text((told, "dim"))


def _kind(outcome: Outcome, writer: TableWriter) -> Text:
    return writer.text((outcome_of(outcome), OUTCOME_STYLES.get(outcome.outcome, "dim")))


def _verified(outcome: Outcome, writer: TableWriter) -> Text:
    if outcome.verified:
        return writer.text(("yes", "green"))
    return writer.text(("no", "bold yellow")) if is_unverified(outcome) else Text()


_SPARED = (OutcomeKind.SPARED_CHANGED, OutcomeKind.SPARED_ACTIVE)
_LISTED_ALIKE = 10
"""More people than this, spared for the same reason, are counted instead of listed."""
_CHANGES = (OutcomeKind.DISABLED, OutcomeKind.REINSTATED)
_ATTENTION = (
    OutcomeKind.FAILED,
    OutcomeKind.REFUSED,
    OutcomeKind.SPARED_CHANGED,
    OutcomeKind.SPARED_ACTIVE,
    OutcomeKind.DISABLED,
    OutcomeKind.SIGNED_OUT,
    OutcomeKind.REINSTATED,
    OutcomeKind.ALREADY_DISABLED,
    OutcomeKind.ALREADY_ACTIVE,
)
