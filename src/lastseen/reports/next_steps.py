"""What to do with a plan, in words and commands: the end of its table, where the reader looks."""

from collections.abc import Iterator
from shlex import quote

from rich.console import RenderableType
from rich.text import Text

from lastseen.model.counting import people
from lastseen.model.decision import Verdict
from lastseen.model.guardrails import written_by
from lastseen.model.instant import minute
from lastseen.model.plan import Plan
from lastseen.reports.interface import PlanContext
from lastseen.reports.terminal import TableWriter

_CARRY_OUT = "Nobody has been changed. To carry this out:"
_CARRY_OUT_THE_REST = "To carry out the rest:"


def next_steps(plan: Plan, context: PlanContext, writer: TableWriter) -> Iterator[RenderableType]:
    """Yield what the reader should know before applying the plan, and the command that does."""
    due = plan.summary.disable + plan.summary.sign_out
    if context.only not in (None, Verdict.DISABLE, Verdict.SIGN_OUT):
        return
    yield Text()
    if plan.pretended:
        yield writer.text(
            (f"Made with --now {minute(plan.now)}, so it can't be applied.", "bold yellow")
        )
        return
    if context.applied_by:
        yield _carried_out(context.applied_by, context.left, writer)
        if not context.left:
            return
    maybe = sum(one.session_may_be_open for one in plan.to_disable())
    if maybe:
        yield writer.text(
            (f"{people(maybe)} to be disabled may still be signed in.", "bold yellow")
        )
    if context.stopped_by:
        advice = context.stopped_by.replace(written_by(plan.plan_id), "")  # a command below does
        yield writer.text((f"A guardrail would stop this. {advice}", "bold yellow"))
    if not due:
        yield writer.text("Nothing to apply.")
        return
    if context.stopped_by:
        yield from _past_a_guardrail(plan, context, writer)
        return
    yield writer.text(_CARRY_OUT_THE_REST if context.left else _CARRY_OUT)
    if context.plan_file is None:
        yield writer.text((f"  lastseen show {plan.plan_id} -o plan.json", "bold"))
    yield writer.text((f"  lastseen apply {quote(context.plan_file or 'plan.json')}", "bold"))


def _carried_out(run_id: str, left: int, writer: TableWriter) -> RenderableType:
    if not left:
        return writer.text("Carried out by run ", (run_id, "bold"), ".")
    are = "is" if left == 1 else "are"
    return writer.text(
        "Carried out in part by run ", (run_id, "bold"), f": {people(left)} {are} left."
    )


def _past_a_guardrail(
    plan: Plan, context: PlanContext, writer: TableWriter
) -> Iterator[RenderableType]:
    """Show how to read a plan that was stopped, and how to carry out as much as is allowed."""
    file = quote(context.plan_file or "plan.json")
    unchanged = "" if context.left else "Nobody has been changed. "
    if not context.still_allowed:
        yield writer.text(f"{unchanged}To read the plan:")
        yield writer.text((f"  lastseen show {plan.plan_id} -o report.html", "bold"))
        return
    yield writer.text(f"{unchanged}To read the plan, and disable the longest idle:")
    also = "" if context.plan_file else f" -o {file}"
    yield writer.text((f"  lastseen show {plan.plan_id} -o report.html{also}", "bold"))
    approved = "" if context.max_disable is None else f" --max-disable {context.max_disable}"
    command = f"lastseen apply {file} --limit {context.still_allowed}{approved}"
    yield writer.text((f"  {command}", "bold"))
