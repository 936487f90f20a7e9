"""`lastseen doctor`: whether portal, key, roster and ledger allow decisions at all."""

from typing import TYPE_CHECKING

import typer

from lastseen.cli.invocation import invocation, run_async
from lastseen.cli.options import OutputOption, ShortFormatOption
from lastseen.cli.output import Summary, short_destinations
from lastseen.model.errors import ExitCode

if TYPE_CHECKING:
    from lastseen.api import Diagnosis, Settings


def doctor(
    context: typer.Context,
    output: OutputOption = None,
    form: ShortFormatOption = None,
) -> int:
    """Check everything that a decision needs.

    That is key, rights, roster, audit option, retention, filters and clock. Says what each finding
    means, and changes nothing. Exits with 4 if a problem stands in the way of any decision.
    """
    from lastseen.reports.diagnosis import diagnosis_in_words, render_diagnosis

    called = invocation(context)
    where = short_destinations(output, form)
    diagnosis = run_async(_diagnosed(called.settings()))
    problems = sum(finding.state == "problem" for finding in diagnosis.findings)
    where.deliver(
        lambda place: render_diagnosis(diagnosis, place.format, screen=place.screen()),
        Summary(
            text=diagnosis_in_words(diagnosis),
            event="diagnosis",
            fields={"portal": diagnosis.portal, "problems": problems},
        ),
        called=called,
    )
    return ExitCode.INCOMPLETE if problems else ExitCode.DONE


async def _diagnosed(settings: "Settings") -> "Diagnosis":
    from lastseen.api import doctor, open_session, system_clock

    async with open_session(settings) as session:
        return await doctor(
            session.portal,
            ledger=session.ledger,
            policy=settings.policy,
            clock=system_clock,
            roster=session.roster,
            log_silence_days=settings.guardrails.log_silence_days,
        )
