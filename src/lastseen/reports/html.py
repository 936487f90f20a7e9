"""A plan as one self-contained HTML file, to be shared, printed and kept.

Values for the template are made here; words that other reports share are in `words`.
"""

from collections.abc import Iterator
from functools import partial

import msgspec

from lastseen.model.counting import counted, number, people
from lastseen.model.decision import Decision, Reason, Verdict, idle_for_longer
from lastseen.model.due import due_soon, holds
from lastseen.model.guardrails import Guardrails
from lastseen.model.plan import Plan
from lastseen.reports.chart import MIDDLE, SMALL, WIDE, Histogram, histogram, picture
from lastseen.reports.interface import PlanContext
from lastseen.reports.page import render_page
from lastseen.reports.sections import (
    ORDER,
    TITLES,
    headline,
    people_with,
    reasons_of,
    says_more,
    shared_explanations,
    words_for_no_sighting,
)
from lastseen.reports.words import (
    cost_in_words,
    evidence_in_words,
    policy_in_words,
    population_in_words,
    reason_in_words,
)

_SOON_DAYS = 14
"""The report lists who will be due within this many days unless another number is given."""


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """Everyone with one verdict, as the page shows them."""

    verdict: Verdict
    title: str
    lead: str
    """What the verdict means, in one sentence."""
    people: tuple[Decision, ...]
    reasons: str
    """How many for each reason; empty if there is nobody."""
    share: str
    """Their share of the roster, in per cent."""
    open: bool
    """Whether they are shown without a click."""
    shared: dict[str, int]
    """The explanations that several of them share, shown once, and how many they are."""

    @property
    def any_failed(self) -> bool:
        """Whether anyone had failed sign-ins."""
        return any(decision.failed_sign_ins for decision in self.people)

    @property
    def any_sponsor(self) -> bool:
        """Whether anyone's sponsor is known."""
        return any(decision.sponsor for decision in self.people)


class HtmlPlan:
    """The plan as a page."""

    endings = (".html", ".htm")

    def render(self, plan: Plan, context: PlanContext) -> bytes:
        """Return the page in UTF-8."""
        counts = histogram(plan)
        shown = (context.only,) if context.only else ORDER
        soon_days = _SOON_DAYS if context.soon_days is None else context.soon_days
        return render_page(
            "plan.html.j2",
            title=f"{headline(plan, context)} – Lastseen, {plan.now:%Y-%m-%d}",
            kind="review",
            headline=headline(plan, context),
            plan=plan,
            context=context,
            sections=tuple(_section(plan, context, verdict) for verdict in shown),
            evidence=evidence_in_words(plan),
            policy=policy_in_words(plan.policy),
            guardrails=_guardrails(context.guardrails),
            population=population_in_words(plan.population) if plan.population else None,
            cost=cost_in_words(plan),
            notable=tuple(_notable(plan)),
            holds=holds(plan),
            soon=due_soon(plan, soon_days),
            soon_days=soon_days,
            histogram=counts,
            caption=_caption(plan, counts),
            pictures=tuple(picture(counts, frame) for frame in (WIDE, MIDDLE, SMALL)),
            says_more=says_more,
            no_date=partial(words_for_no_sighting, now=plan.now),
        )


def _section(plan: Plan, context: PlanContext, verdict: Verdict) -> Section:
    found = people_with(plan, verdict)
    is_past = context.applied_by and not context.left
    done = f"Run {context.applied_by} carried this out: its receipt says what became of each."
    return Section(
        verdict=verdict,
        title=TITLES[verdict],
        lead=done if is_past and verdict in _CHANGING else _LEADS[verdict],
        people=found,
        reasons=", ".join(
            f"{reason_in_words(reason)}\N{NO-BREAK SPACE}{number(count)}"
            for reason, count in reasons_of(plan, verdict)
        ),
        share=_share(len(found), len(plan.decisions)),
        open=verdict in (*_CHANGING, Verdict.HOLD),
        shared=shared_explanations(found, plan.policy),
    )


def _share(part: int, everyone: int) -> str:
    if not part or part == everyone:
        return "100%" if part else "0%"
    per_cent = 100 * part / everyone
    return "under 1%" if per_cent < 1 else f"{min(99, round(per_cent))}%"


def _guardrails(limits: Guardrails | None) -> tuple[str, ...]:
    if limits is None:
        return ()
    return (
        f"At most {people(limits.max_disable)} and {limits.max_disable_share:.0%} of the roster "
        f"within {counted(limits.per_days, 'day')}.",
        f"An outside roster may shrink by {limits.max_roster_shrink:.0%} at most.",
        f"A plan can be applied for {limits.max_plan_age_hours:g} hours.",
        f"A log without an entry for {counted(limits.log_silence_days, 'day')} proves nothing.",
    )


def _notable(plan: Plan) -> Iterator[str]:
    concerned = (Verdict.DISABLE, Verdict.SIGN_OUT, Verdict.HOLD)
    maybe = sum(one.session_may_be_open for one in plan.to_disable())
    if maybe:
        yield (
            f"{people(maybe)} to be disabled may still be signed in. Reading in the editor leaves "
            "no trace in any log, so they may be at work."
        )
    attacked = [one for one in plan.decisions if one.failed_sign_ins and one.decision in concerned]
    if attacked:
        times = sum(decision.failed_sign_ins for decision in attacked)
        yield (
            f"{counted(len(attacked), 'account')} to be disabled or on hold had "
            f"{counted(times, 'failed sign-in')}. They never count as a sighting; on a dormant "
            "account they may be somebody else's attempts."
        )
    undated = [
        one
        for one in plan.decisions
        if one.reason is Reason.INACTIVE and idle_for_longer(one, plan.now)
    ]
    if undated:
        yield (
            f"{people(len(undated))} with a last-seen date that is not known yet, since older "
            "entries were not all read: `lastseen review --dates all` reads them."
        )
    for reason, parts_text in _REMARKS.items():
        count = sum(decision.reason is reason for decision in plan.decisions)
        if count:
            yield parts_text.format(people=people(count))


def _caption(plan: Plan, counts: Histogram) -> str:
    """Say how the number in the headline is made up, in the chart's own terms."""
    due = plan.summary.disable
    beyond = (*(column for column in counts.columns if column.since >= counts.line), counts.beyond)
    past = sum(column.of(Verdict.DISABLE) for column in beyond)
    undated = counts.undated.of(Verdict.DISABLE)
    unseen, label = counts.unseen.of(Verdict.DISABLE), counts.unseen.label
    with_ = "with " if label.startswith("no ") else ""
    others = due - past - undated - unseen
    parts = [
        f"{number(past)} last seen {counted(counts.line, 'day')} ago or longer" if past else "",
        f"{number(undated)} {counts.undated.label}" if undated else "",
        f"{number(unseen)} {with_}{label}" if unseen else "",
        f"{number(others)} for other reasons" if others > 0 else "",
    ]
    parts_text = ", ".join(part for part in parts if part)
    said = f"To be disabled: {number(due)}{f' ({parts_text})' if parts_text else ''}."
    for column in (counts.undated, counts.unseen):
        kept = column.total - column.of(Verdict.DISABLE)
        if kept:
            named = f"{column.label[0].upper()}{column.label[1:]}"
            said += f" {named}, not to be disabled: {number(kept)}."
    if counts.left_out:
        said += f" Not in the chart: {people(counts.left_out)}, skipped without a date."
    return said


_CHANGING = (Verdict.DISABLE, Verdict.SIGN_OUT)
_LEADS = {
    Verdict.DISABLE: "Applying this plan disables them; undo reinstates them.",
    Verdict.SIGN_OUT: "Applying this plan ends their sessions; it does not disable them.",
    Verdict.HOLD: "Nothing is done: their absence is not proven.",
    Verdict.KEEP: "They keep their access.",
    Verdict.SKIP: "Lastseen may not change these accounts, or there is nothing to change.",
}
_REMARKS = {
    Reason.UNRECOGNISED_EVENT: (
        "{people} on hold: their newest event has a number that this version doesn't know."
    ),
    Reason.UNKNOWN_GUEST: "{people} on the portal as a guest and on no roster.",
    Reason.NOT_ON_PORTAL: "{people} on the roster and not on the portal.",
    Reason.AMBIGUOUS: "{people} on the roster with more than one matching account.",
    Reason.CONTRACT_ENDED: "{people} whose contract has ended, whatever the logs show.",
    Reason.NOT_ON_ROSTER: "{people} on the portal as a guest, to be disabled as on no roster.",
}
