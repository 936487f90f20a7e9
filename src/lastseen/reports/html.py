"""A plan as one self-contained HTML file: the page that is sent round, printed and kept.

It fetches nothing and runs no script; its policy in the head forbids both. What it shows of people
is defused first and escaped by the template, so no name can change the page.
"""

import re
from collections.abc import Iterator

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from lastseen.model.counting import counted, number
from lastseen.model.decision import Decision, Reason, SeenBy, Verdict
from lastseen.model.plan import Plan
from lastseen.reports.chart import MIDDLE, SMALL, WIDE, Histogram, histogram, picture
from lastseen.reports.interface import Screen
from lastseen.reports.sections import ORDER, headline, people_with, reasons_of
from lastseen.reports.text import day, defuse, minute
from lastseen.reports.words import (
    cost_in_words,
    evidence_in_words,
    policy_in_words,
    reason_in_words,
    who,
)

_DATE = re.compile(r"\b\d{4}-\d\d-\d\d\b( \d\d:\d\d UTC)?")


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """Everyone with one verdict, as the page shows them."""

    verdict: Verdict
    title: str
    lead: str
    """What the verdict means, in one sentence."""
    people: tuple[Decision, ...]
    reasons: str
    """How many for which reason; empty where there is nobody."""
    share: str
    """Their part of the roster, in per cent."""
    open: bool
    """Whether they are shown at once, or only when asked for."""

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

    def render(self, plan: Plan, screen: Screen) -> bytes:
        """Return the page in UTF-8."""
        counts = histogram(plan)
        page = _environment().get_template("plan.html.j2")
        return page.render(
            plan=plan,
            headline=headline(plan),
            sections=tuple(_section(plan, verdict) for verdict in ORDER),
            evidence=evidence_in_words(plan),
            policy=policy_in_words(plan.policy),
            cost=cost_in_words(plan),
            notable=tuple(_notable(plan)),
            histogram=counts,
            caption=_caption(counts),
            pictures=tuple(picture(counts, frame) for frame in (WIDE, MIDDLE, SMALL)),
        ).encode()


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("lastseen.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "address": _address,
        "counted": counted,
        "dated": _dated,
        "day": day,
        "minute": minute,
        "number": number,
        "reason": reason_in_words,
        "shown": defuse,
        "who": who,
    }
    environment.globals |= {"NEVER_SEEN": Reason.NEVER_SEEN, "REGISTRATION": SeenBy.REGISTRATION}
    return environment


def _address(text: str) -> Markup:
    """Return an address, defused and escaped, that may be broken behind its `@`."""
    return Markup(str(escape(defuse(text))).replace("@", "@<wbr>"))


def _dated(text: str) -> Markup:
    """Return a sentence, defused and escaped, whose dates are not broken over two lines."""
    return Markup(_DATE.sub(r"<time>\g<0></time>", str(escape(defuse(text)))))


def _section(plan: Plan, verdict: Verdict) -> Section:
    people = people_with(plan, verdict)
    everyone = len(plan.decisions)
    return Section(
        verdict=verdict,
        title=_TITLES[verdict],
        lead=_LEADS[verdict],
        people=people,
        reasons=", ".join(
            f"{reason_in_words(reason)}\N{NO-BREAK SPACE}{number(count)}"
            for reason, count in reasons_of(plan, verdict)
        ),
        share=_share(len(people), everyone),
        open=verdict in (Verdict.DISABLE, Verdict.HOLD),
    )


def _share(part: int, everyone: int) -> str:
    if not part or part == everyone:
        return "100%" if part else "0%"
    per_cent = 100 * part / everyone
    return "under 1%" if per_cent < 1 else f"{min(99, round(per_cent))}%"


def _notable(plan: Plan) -> Iterator[str]:
    attacked = [
        decision
        for decision in plan.decisions
        if decision.failed_sign_ins and decision.decision in (Verdict.DISABLE, Verdict.HOLD)
    ]
    if attacked:
        times = sum(decision.failed_sign_ins for decision in attacked)
        yield (
            f"{counted(len(attacked), 'account')} of people who are to be disabled or on hold "
            f"had {counted(times, 'failed sign-in')}. A failed sign-in never counts as a "
            "sighting; on a dormant account it may be somebody else trying."
        )
    for reason, told in _TOLD.items():
        count = sum(decision.reason is reason for decision in plan.decisions)
        if count:
            yield told.format(people=counted(count, "person", "people"))


def _caption(counts: Histogram) -> str:
    past = sum(column.total for column in counts.columns if column.since >= counts.line)
    past += counts.beyond.total
    said = (
        f"{_people(past)} last seen {counted(counts.line, 'day')} ago or longer, "
        f"{number(counts.unseen.total)} without any sighting."
    )
    if counts.left_out:
        said += (
            f" {_people(counts.left_out)} left out: no account to look at, or skipped without "
            "a date."
        )
    return said


def _people(count: int) -> str:
    if not count:
        return "Nobody was"
    return f"{counted(count, 'person', 'people')} {'was' if count == 1 else 'were'}"


_TITLES = {
    Verdict.DISABLE: "To be disabled",
    Verdict.SIGN_OUT: "To be signed out",
    Verdict.HOLD: "On hold",
    Verdict.KEEP: "Kept",
    Verdict.SKIP: "Skipped",
}
_LEADS = {
    Verdict.DISABLE: "Applying this plan takes their access away; it can be undone.",
    Verdict.SIGN_OUT: "Applying this plan ends their sessions; it does not disable them.",
    Verdict.HOLD: "Nothing is done: what is known does not prove that they were away.",
    Verdict.KEEP: "They keep their access.",
    Verdict.SKIP: "Not Lastseen's to change, or nothing to change.",
}
_TOLD = {
    Reason.UNRECOGNISED_EVENT: (
        "{people} on hold because their newest event has a number that this version does not "
        "know. A newer Lastseen may."
    ),
    Reason.UNKNOWN_GUEST: "{people} on the portal as a guest and on no roster.",
    Reason.NOT_ON_PORTAL: "{people} on the roster and not on the portal.",
    Reason.AMBIGUOUS: "{people} on the roster with more than one account that fits.",
    Reason.CONTRACT_ENDED: "{people} past the end of the contract, whatever was seen of them.",
}
