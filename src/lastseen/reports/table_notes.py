"""What a table says about a person beyond its columns: why, open session, cohort, sponsor."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.text import Text

from lastseen.model.counting import counted, number
from lastseen.model.decision import Decision, Reason, Verdict
from lastseen.model.plan import Plan
from lastseen.reports.sections import says_more
from lastseen.reports.terminal import TableWriter
from lastseen.reports.text import day
from lastseen.reports.words import reason_in_words


@dataclass(frozen=True, kw_only=True)
class Section:
    """What the rows of a section have in common."""

    plan: Plan
    """The plan that decided about them."""
    shared: frozenset[str]
    """The explanations that stand above the rows, since several people share them."""


def notes_about(
    section: Section, decision: Decision, writer: TableWriter, *, in_full: bool = True
) -> Iterator[Text]:
    """Yield what the columns don't show, the most important first."""
    yield reason_note(section, decision, writer, in_full=in_full)
    yield session_note(decision, writer)
    yield cohort_note(decision, writer)
    yield failed_note(decision, writer, in_full=in_full)


def reason_note(
    section: Section, decision: Decision, writer: TableWriter, *, in_full: bool = True
) -> Text:
    """Return why, where the columns don't show it, or when the hold clears."""
    if decision.clears_at:
        if in_full or not _clear_together(section.plan, decision.reason):
            return writer.text(f"{'clears by' if in_full else 'clears'} {day(decision.clears_at)}")
    elif (decision.decision, decision.reason) == (Verdict.HOLD, Reason.SESSION_MAY_BE_OPEN):
        return writer.text("authorised an application")
    elif says_more(decision, section.plan.policy):
        if decision.explanation not in section.shared:
            return writer.text(decision.explanation.removesuffix("."))
        if decision.decision is Verdict.DISABLE:
            return writer.text(reason_in_words(decision.reason))
    return Text()


def session_note(decision: Decision, writer: TableWriter) -> Text:
    """Return whether a session may still be open; empty if none may."""
    return writer.text(("may be signed in", "yellow") if decision.session_may_be_open else "")


def cohort_note(decision: Decision, writer: TableWriter) -> Text:
    """Return the person's cohort; empty if there is none."""
    return writer.text(f"cohort {decision.cohort}" if decision.cohort else "")


def failed_note(decision: Decision, writer: TableWriter, *, in_full: bool = True) -> Text:
    """Return how many sign-ins failed; empty if none did."""
    count = decision.failed_sign_ins
    if not count:
        return Text()
    said = counted(count, "failed sign-in") if in_full else f"{number(count)} failed"
    return writer.text((said, "yellow"))


def _clear_together(plan: Plan, reason: Reason) -> bool:
    """Return whether everyone on hold for `reason` clears on the day in the section's heading."""
    dates = {one.clears_at for one in plan.decisions if one.reason is reason}
    return len({None if at is None else day(at) for at in dates}) == 1


def sponsor_note(decision: Decision, writer: TableWriter) -> Text:
    """Return who invited the person; empty if that is not known."""
    return writer.text((f"sponsor {decision.sponsor}", "dim")) if decision.sponsor else Text()


def joined(texts: Sequence[Text], writer: TableWriter) -> Text:
    """Return the texts that are not empty, in one line."""
    return writer.text(" · ").join(text for text in texts if text)
