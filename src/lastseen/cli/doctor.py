"""`lastseen doctor`: whether portal, key, plan, retention and clock allow a decision at all."""

from typing import TYPE_CHECKING

import typer

from lastseen.cli.invocation import invocation, run_async
from lastseen.cli.options import OutputOption, ShortFormatOption
from lastseen.cli.output import short_destination
from lastseen.model.counting import counted
from lastseen.model.errors import ExitCode

if TYPE_CHECKING:
    from lastseen.api import Diagnosis, Settings


def doctor(
    context: typer.Context,
    output: OutputOption = None,
    form: ShortFormatOption = None,
) -> int:
    """Check what a decision needs, and say what each finding means.

    That is key, rights, audit option, retention, filters and clock. Changes nothing. Ends with 4
    when something is in the way of any decision.
    """
    from lastseen.reports.diagnosis import render_diagnosis

    where = short_destination(output, form)
    diagnosis = run_async(_diagnosed(invocation(context).settings()))
    problems = sum(finding.state == "problem" for finding in diagnosis.findings)
    where.deliver(
        render_diagnosis(diagnosis, where.format, screen=where.screen()),
        summary=f"{counted(problems, 'problem')} found.",
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
        )
