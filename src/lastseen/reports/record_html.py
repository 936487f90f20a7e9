"""Receipts and the history as self-contained HTML pages, in the style of the plan's report."""

from collections.abc import Mapping, Sequence

from lastseen.model.counting import counted
from lastseen.model.plan import Plan
from lastseen.model.receipt import Receipt
from lastseen.model.run import Run
from lastseen.reports.page import render_page
from lastseen.reports.receipt import (
    attention_first,
    is_unverified,
    reason_of,
    remarks_of,
    was_marked,
)
from lastseen.reports.words import receipt_in_words, state_in_words


def receipt_html(receipt: Receipt, plan: Plan | None) -> bytes:
    """Return the receipt as a page; `plan` adds names and reasons."""
    decisions = {one.user_id: one for one in plan.decisions} if plan else {}
    outcomes = sorted(receipt.outcomes, key=attention_first)
    result = receipt_in_words(receipt)
    headline = result[0].upper() + result[1:]
    return render_page(
        "receipt.html.j2",
        title=f"{headline} – Lastseen, {receipt.started_at:%Y-%m-%d}",
        kind="receipt",
        headline=headline,
        receipt=receipt,
        portal=receipt.portal or (plan.portal if plan else None),
        outcomes=[
            (
                outcome,
                decided := decisions.get(outcome.user_id),
                reason_of(outcome, decided),
                was_marked(outcome, decided),
            )
            for outcome in outcomes
        ],
        remarks=remarks_of(outcomes),
        unverified=sum(map(is_unverified, receipt.outcomes)),
        undoable=receipt.can_be_undone,
    )


def runs_html(runs: Sequence[Run], results: Mapping[str, str], portal: str, nothing: str) -> bytes:
    """Return the runs in the order given as a page; `results` gives the result of each.

    `nothing`: the sentence for no runs.
    """
    return render_page(
        "history.html.j2",
        title=f"{counted(len(runs), 'run')} on {portal} – Lastseen",
        kind="history",
        headline=counted(len(runs), "run"),
        portal=portal,
        nothing=nothing,
        runs=[(run, state_in_words(run), results[run.run_id]) for run in runs],
    )
