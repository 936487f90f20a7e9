"""`lastseen explain`: why one person is disabled, kept or on hold."""

from typing import TYPE_CHECKING, Annotated

import typer

from lastseen.cli.invocation import Invocation, invocation, run_async
from lastseen.cli.options import ExplanationFormatOption, NowOption, OutputOption, read_now
from lastseen.cli.output import Summary, explanation_destinations
from lastseen.cli.progress import watched
from lastseen.model.errors import UsageError

if TYPE_CHECKING:
    from lastseen.api import Explanation, Instant, Settings


def explain(
    context: typer.Context,
    who: Annotated[str, typer.Argument(metavar="WHO", hidden=True)],
    run: Annotated[
        str | None,
        typer.Option("--run", metavar="RUN", help="Explain that past run; the portal isn't asked."),
    ] = None,
    now: NowOption = None,
    output: OutputOption = None,
    form: ExplanationFormatOption = None,
) -> None:
    """Show why WHO is disabled, kept or on hold, and the evidence.

    WHO is an id or an e-mail address in any case. Without --run the portal is reviewed first; that
    review is not entered in the history.
    """
    from lastseen.reports.explanation import render_explanation
    from lastseen.reports.words import outcome_in_words, reason_in_words

    called = invocation(context)
    pretended = read_now(now)
    if run is not None and pretended is not None:
        raise UsageError(
            attempted=f"explaining {who} of the run {run}",
            found="both --run and --now are given",
            meaning="a past run decided for its own instant",
            remedy="give one of the two",
        )
    where = explanation_destinations(output, form)
    settings = called.settings()
    if run is None:
        explanation = run_async(_of_now(who, called, settings, pretended))
    else:
        explanation = _of_the_past(who, run, settings)
    decision = explanation.decision
    where.deliver(
        lambda place: render_explanation(explanation, place.format, screen=place.screen()),
        Summary(
            text=f"{who}: {outcome_in_words(decision.decision)}, "
            f"{reason_in_words(decision.reason)}.",
            event="explanation",
            fields={
                "who": who,
                "decision": decision.decision.value,
                "reason": decision.reason.value,
            },
        ),
        called=called,
    )


def _of_the_past(who: str, run: str, settings: "Settings") -> "Explanation":
    from lastseen.api import explain, open_portal_ledger

    with open_portal_ledger(settings) as ledger:
        return explain(who, ledger=ledger, run=run)


async def _of_now(
    who: str, called: Invocation, settings: "Settings", pretended: "Instant | None"
) -> "Explanation":
    from lastseen.api import explain_outcome, open_session, review_unrecorded, system_clock

    async with open_session(settings) as session:
        with watched(called) as progress:
            outcome = await review_unrecorded(
                session.portal,
                session.roster,
                ledger=session.ledger,
                policy=settings.policy,
                clock=system_clock,
                log_silence_days=settings.guardrails.log_silence_days,
                now=pretended,
                reconcile=settings.roster.reconcile,
                progress=progress,
            )
        return explain_outcome(who, outcome, ledger=session.ledger)
