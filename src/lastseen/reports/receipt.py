"""A receipt as a table for people: who was changed, who not and why, and the way back.

The receipt's JSON form is its contract and lives with the struct.
"""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from lastseen.model.counting import counted
from lastseen.model.receipt import Outcome, OutcomeKind, Receipt
from lastseen.reports.interface import Screen
from lastseen.reports.terminal import NARROW, OUTCOME_STYLES, TableWriter, printed, width_of
from lastseen.reports.text import minute, took
from lastseen.reports.words import counts_in_words, outcome_in_words


def receipt_table(receipt: Receipt, screen: Screen) -> bytes:
    """Return the receipt of `apply` or `undo` in the screen's encoding."""
    return printed(screen, _pieces(receipt, TableWriter(screen)))


def outcome_pieces(receipt: Receipt, writer: TableWriter) -> Iterator[RenderableType]:
    """Give the outcomes person by person, what needs attention first, then the way back."""
    if receipt.outcomes:
        yield Text()
        outcomes = sorted(receipt.outcomes, key=_attention_first)
        if writer.screen.width < NARROW:
            yield writer.cards(_card(outcome, writer) for outcome in outcomes)
        else:
            yield _table(outcomes, writer)
    if any(outcome.outcome is OutcomeKind.DISABLED for outcome in receipt.outcomes):
        yield Text()
        yield writer.text("To take all of it back: ", (f"lastseen undo {receipt.run_id}", "bold"))


def _pieces(receipt: Receipt, writer: TableWriter) -> Iterator[RenderableType]:
    yield writer.text((f"{counts_in_words(receipt.summary).capitalize()}.", "bold"))
    unverified = sum(_is_unverified(outcome) for outcome in receipt.outcomes)
    if unverified:
        yield writer.text(
            (
                f"{counted(unverified, 'change')} not confirmed by reading the person again.",
                "bold yellow",
            )
        )
    duration = took(receipt.started_at, receipt.finished_at)
    yield writer.pairs(
        [
            ("Run", writer.text(receipt.run_id)),
            ("Plan", writer.text(receipt.plan_id)),
            ("When", writer.text(f"{minute(receipt.started_at)}, took {duration}")),
            ("Journal", writer.text(receipt.journal_head or "not written")),
        ]
    )
    yield from outcome_pieces(receipt, writer)


def _table(outcomes: Sequence[Outcome], writer: TableWriter) -> RenderableType:
    rows = [
        (
            writer.text((outcome.email or outcome.user_id, "bold")),
            _kind(outcome, writer),
            _verified(outcome, writer),
            writer.text(outcome.error or ""),
        )
        for outcome in outcomes
    ]
    told = any(outcome.error for outcome in outcomes)
    table = writer.table(("Who", "Outcome", "Verified", "Why")[: 4 if told else 3])
    table.columns[0].width = max(
        3, width_of((row[0] for row in rows), at_most=writer.screen.width * 3 // 7)
    )
    for row in rows:
        table.add_row(*row[: 4 if told else 3])
    return table


def _card(outcome: Outcome, writer: TableWriter) -> tuple[Text, ...]:
    verified = _verified(outcome, writer)
    return (
        writer.text((outcome.email or outcome.user_id, "bold")),
        Text.assemble(_kind(outcome, writer), ", verified: " if verified else "", verified),
        writer.text(outcome.error or ""),
    )


def _kind(outcome: Outcome, writer: TableWriter) -> Text:
    return writer.text(
        (outcome_in_words(outcome.outcome), OUTCOME_STYLES.get(outcome.outcome, "dim"))
    )


def _verified(outcome: Outcome, writer: TableWriter) -> Text:
    if outcome.verified:
        return writer.text(("yes", "green"))
    return writer.text(("no", "bold yellow")) if _is_unverified(outcome) else Text()


def _is_unverified(outcome: Outcome) -> bool:
    return outcome.outcome in _CHANGES and not outcome.verified


def _attention_first(outcome: Outcome) -> tuple[int, str]:
    return (_ATTENTION.index(outcome.outcome), (outcome.email or outcome.user_id).casefold())


_CHANGES = (OutcomeKind.DISABLED, OutcomeKind.REINSTATED)
_ATTENTION = (
    OutcomeKind.FAILED,
    OutcomeKind.REFUSED,
    OutcomeKind.SPARED_CHANGED,
    OutcomeKind.SPARED_ACTIVE,
    OutcomeKind.DISABLED,
    OutcomeKind.REINSTATED,
    OutcomeKind.ALREADY_DISABLED,
    OutcomeKind.ALREADY_ACTIVE,
)
