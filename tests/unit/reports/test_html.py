import re
from base64 import b64encode
from collections import Counter
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import lastseen.reports
from lastseen._version import __version__
from lastseen.model.decision import Reason, SeenBy, Verdict
from lastseen.model.guardrails import Guardrails
from lastseen.reports import PlanContext, render_plan
from tests.unit.reports.samples import (
    POPULATION,
    PORTAL,
    days_ago,
    decision,
    hostile_plan,
    incomplete_evidence,
    plan_of,
    roster_of,
)

PLANS = {
    "nobody": plan_of(),
    "three": plan_of(*roster_of(3)),
    "many": plan_of(*roster_of(150), evidence=incomplete_evidence(), created_at=days_ago(1)),
    "hostile": hostile_plan(),
}
VOID = {"br", "circle", "col", "img", "input", "line", "link", "meta", "path", "rect", "wbr"}
STYLES = Path(lastseen.reports.__file__).with_name("templates") / "report.css"


class Page(HTMLParser):
    """The page's elements in order, its text, and whether it is well nested."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, Any]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    def all(self, *tags):
        return [attributes for tag, attributes in self.elements if tag in tags]


@pytest.fixture(params=PLANS)
def page(request):
    return Page(render_plan(PLANS[request.param], "html").decode())


def page_of(*decisions, **fields):
    return Page(render_plan(plan_of(*decisions, **fields), "html").decode())


def said(page):
    return " ".join("".join(page.text).split())


def test_it_is_well_nested(page):
    assert page.open == []


def test_it_fetches_nothing(page):
    assert not page.all("iframe", "object", "embed", "img", "form", "base", "audio")
    for tag, attributes in page.elements:
        for name, value in attributes.items():
            assert not name.startswith("on"), tag
            if name in ("href", "src", "xlink:href", "action", "data", "poster", "srcset"):
                assert value.startswith(("#", "data:")), value
    assert not re.search(r"@import|url\(", STYLES.read_text())


def test_its_policy_allows_the_one_script_by_its_hash_and_nothing_else():
    source = render_plan(PLANS["hostile"], "html").decode()
    page = Page(source)
    (policy,) = [
        meta["content"]
        for meta in page.all("meta")
        if meta.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")
    (allowed,) = re.findall(r"script-src '([^']+)';", policy)
    (script,) = re.findall(r"<script>(.*?)</script>", source, re.DOTALL)
    assert allowed == f"sha256-{b64encode(sha256(script.encode()).digest()).decode()}"
    assert len(page.all("script")) == 1


def test_landmarks_language_and_title_are_there(page):
    for tag in ("header", "main", "footer", "h1", "title"):
        assert page.all(tag), tag
    assert page.all("html")[0]["lang"] == "en"


def test_headings_skip_no_level(page):
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))


def test_ids_are_unique_and_every_reference_leads_somewhere(page):
    ids = Counter(a["id"] for _, a in page.elements if "id" in a)
    assert max(ids.values()) == 1
    for _, attributes in page.elements:
        for target in attributes.get("aria-labelledby", "").split():
            assert target in ids
        href = attributes.get("href") or ""
        assert not href.startswith("#") or href[1:] in ids


def test_every_table_has_a_caption_and_scoped_headers(page):
    assert len(page.all("table")) == len(page.all("caption"))
    assert all(header.get("scope") in ("col", "row") for header in page.all("th"))


def test_every_picture_has_a_title_and_a_description(page):
    tags = [tag for tag, _ in page.elements]
    drawings = [svg for svg in page.all("svg") if svg.get("role") == "img"]
    assert tags.count("desc") == len(drawings)
    for svg in drawings:
        assert svg["aria-labelledby"].startswith("title-")
    for svg in page.all("svg"):
        assert svg.get("role") == "img" or svg.get("aria-hidden") == "true"


def test_everyone_is_in_the_page_once():
    plan = plan_of(*roster_of(150))
    page = Page(render_plan(plan, "html").decode())
    text = "".join(page.text)
    assert all(text.count(str(decided.email)) == 1 for decided in plan.decisions)
    assert len([h for h in page.all("th") if h["scope"] == "row"]) >= 150


def test_disable_and_hold_are_open_and_the_rest_is_folded():
    text = render_plan(plan_of(*roster_of(150)), "html").decode()
    for verdict, folded in (("disable", 0), ("hold", 0), ("keep", 1), ("skip", 1)):
        section = text.split(f'<section id="{verdict}"')[1].split("</section>")[0]
        assert section.count("<details>") == folded


def test_no_name_can_change_the_page():
    source = render_plan(hostile_plan(), "html").decode()
    assert source.count("<script") == 1
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in source
    assert "{{ 7 * 7 }}" in source
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", source)


def test_numbers_portal_instant_and_plan_are_reported():
    shown = said(page_of(decision(), decision(decision=Verdict.KEEP, reason=Reason.ACTIVE)))
    for part in (
        "1 of 2 contractors to be disabled",
        PORTAL,
        "2026-11-25 10:30 UTC",
        "Complete:",
        "123 requests, 4,567 events",
        "Disable after 30 days or more",
        "limit: 30 days",
        "r-7k2m9q4d",
        "sha256:",
    ):
        assert part in shown


def test_incomplete_evidence_and_pretence_are_said():
    shown = said(page_of(decision(), evidence=incomplete_evidence(), created_at=days_ago(1)))
    assert "Incomplete:" in shown
    assert "Made with --now." in shown


def test_failed_sign_ins_on_dormant_accounts_are_worth_knowing():
    assert "1 account to be disabled or on hold" in said(page_of(decision(failed_sign_ins=12)))
    assert "Worth knowing" not in said(page_of(decision()))


def test_never_is_said_only_of_those_whom_the_plan_calls_never_seen():
    registered = {
        "last_seen_by": SeenBy.REGISTRATION,
        "last_seen_at": days_ago(400),
        "idle_days": 400,
    }
    assert "never reg. 2025-10-21" in said(
        page_of(decision(reason=Reason.NEVER_SEEN, **registered))
    ).replace("neverreg", "never reg")
    assert "no sightingreg. 2025-10-21" in said(page_of(decision(**registered))).replace(
        "no sighting reg", "no sightingreg"
    )


def test_a_plan_that_was_carried_out_does_not_read_as_one_to_be_carried_out():
    context = PlanContext(applied_by="9f2c11d04a7e")
    shown = said(Page(render_plan(plan_of(decision()), "html", context=context).decode()))
    assert "1 of 1 contractor was to be disabled: carried out" in shown
    assert "Run 9f2c11d04a7e carried this out" in shown
    assert "Applying this plan" not in shown


def test_the_numbers_of_the_chart_add_up_to_the_headline():
    registered = {"last_seen_by": SeenBy.REGISTRATION, "last_seen_at": days_ago(400)}
    never = decision(reason=Reason.NEVER_SEEN, **registered)
    ended = decision(reason=Reason.CONTRACT_ENDED, idle_days=3)
    shown = said(page_of(decision(), decision(), never, ended))
    assert "4 of 4 contractors to be disabled" in shown
    assert "4 (2 last seen 30 days ago or longer, 1 never seen, 1 for other reasons)." in shown


def test_a_date_that_was_not_read_is_not_shown_as_one():
    undated = decision(last_seen_at=None, last_seen_by=None, idle_days=57)
    behind = decision(last_seen_at=days_ago(90), idle_days=57)
    page = page_of(undated, behind, decision(idle_days=40))
    shown = said(page)
    assert "3 of 3 contractors to be disabled" in shown
    assert (
        "To be disabled: 3 (1 last seen 30 days ago or longer, "
        "2 not seen for 57 days or longer (no date))." in shown
    )
    assert "not in 57 days" in shown
    assert "2026-08-27 or later" in shown
    assert shown.count("≥ 57") == 2
    assert "≥ 40" not in shown
    assert "2 people with a last-seen date that is not known yet" in shown


def test_what_an_auditor_needs_is_in_it():
    context = PlanContext(guardrails=Guardrails(), plan_file="p.json", account="key@n.example")
    plan = plan_of(decision(), population=POPULATION)
    shown = said(Page(render_plan(plan, "html", context=context).decode()))
    for part in (
        "lastseen apply p.json",
        "At most 50 people and 25% of the roster",
        "key@n.example",
        "contractors.csv",
        "ab" * 32,
        plan.digest,
        "2f1c9a7e-0000-4000-8000-000000000001",
        f"Lastseen {__version__}",
    ):
        assert part in shown


def test_commands_in_the_ways_past_a_guardrail_are_set_as_code():
    context = PlanContext(stopped_by="Use `apply --only` or <b>.")
    shown = render_plan(plan_of(decision()), "html", context=context).decode()
    assert "Use <code>apply --only</code> or &lt;b&gt;." in shown


def test_the_command_past_a_guardrail_carries_out_as_much_as_is_allowed():
    context = PlanContext(stopped_by="184 people", still_allowed=50, plan_file="/tmp/p.json")
    shown = said(Page(render_plan(plan_of(decision()), "html", context=context).decode()))
    assert "This carries it out, as far as is allowed" in shown
    assert "lastseen apply /tmp/p.json --limit 50" in shown


def test_no_command_is_shown_where_a_guardrail_allows_nobody():
    context = PlanContext(stopped_by="184 people", plan_file="/tmp/p.json")
    shown = said(Page(render_plan(plan_of(decision()), "html", context=context).decode()))
    assert "lastseen apply" not in shown


def test_a_plan_carried_out_in_part_says_how_many_are_left():
    context = PlanContext(applied_by="2f2a83129182", left=4)
    shown = said(Page(render_plan(plan_of(decision()), "html", context=context).decode()))
    assert "Run 2f2a83129182 carried it out in part; 4 people are left." in shown
    assert "This carries out the rest" in shown


def test_long_sentences_are_whole():
    long = "More is to be said. " * 30
    plan = plan_of(decision(reason=Reason.CONTRACT_ENDED, explanation=long))
    context = PlanContext(stopped_by=long)
    shown = said(Page(render_plan(plan, "html", context=context).decode()))
    assert shown.count(long.strip()) == 2


def test_a_guardrail_in_the_way_and_open_sessions_are_reported():
    context = PlanContext(stopped_by="184 people, at most 50")
    plan = plan_of(decision(session_may_be_open=True, cohort="auditors"))
    shown = said(Page(render_plan(plan, "html", context=context).decode()))
    assert "A guardrail would stop this plan. 184 people, at most 50" in shown
    assert "1 person to be disabled may still be signed in." in shown
    assert "may be signed in" in shown
    assert "cohort auditors" in shown


def test_holds_say_when_they_clear_and_what_clears_them():
    held = decision(
        decision=Verdict.HOLD,
        reason=Reason.EVIDENCE_INCOMPLETE,
        idle_days=None,
        clears_at=days_ago(-23),
    )
    shown = said(page_of(held, evidence=incomplete_evidence()))
    assert "evidence incomplete: clears by 2026-12-18, with reviews at least every 3" in shown


def test_a_sentence_that_many_people_share_is_reported_once_with_their_number():
    clock = "The portal's clock is unknown, so idle time is unknown."
    held = {"decision": Verdict.HOLD, "reason": Reason.EVIDENCE_INCOMPLETE, "idle_days": None}
    people = [decision(user_id=str(n), explanation=clock, **held) for n in range(12)]
    shown = said(page_of(*people))
    assert shown.count(clock) == 1
    assert f"12 {clock}" in shown


def test_one_decision_may_be_shown_alone():
    context = PlanContext(only=Verdict.HOLD)
    page = Page(render_plan(plan_of(*roster_of(60)), "html", context=context).decode())
    sections = [one["id"] for one in page.all("section") if one.get("id") in set(Verdict)]
    assert sections == ["hold"]


def test_a_column_that_would_be_empty_is_left_out():
    assert "Sponsor" not in said(page_of(decision()))
    assert "Sponsor" in said(page_of(decision(sponsor="Dana")))


def test_the_picture_comes_with_its_numbers_as_a_table():
    shown = said(page_of(decision(idle_days=41)))
    assert "40 to 41 days ago" in shown
    assert "To be disabled: 1 (1 last seen 30 days ago or longer)." in shown


def test_nobody_has_no_picture():
    page = page_of()
    assert "There is nobody on the roster" in said(page)
    assert not [svg for svg in page.all("svg") if svg.get("role") == "img"]


def test_ten_thousand_people_fit_in_a_page():
    document = render_plan(plan_of(*roster_of(10_000)), "html")
    assert document.count(b"<tr>") > 10_000
    assert len(document) < 5_000_000


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_the_contrast_of_wcag_aa(scheme):
    colours = colours_of(scheme)
    texts = [("ink", "page"), ("ink", "sheet"), ("soft", "page"), ("soft", "sheet")]
    texts += [("keep-ink", "page"), ("ink", "hold-wash")]
    for verdict in Verdict:
        texts += [(f"{verdict}-ink", ground) for ground in ("sheet", "page", f"{verdict}-wash")]
    for text, ground in texts:
        assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_marks_have_the_contrast_of_wcag_aa_for_graphics(scheme):
    colours = colours_of(scheme)
    for verdict in Verdict:
        assert contrast(colours[verdict], colours["sheet"]) >= 3, verdict


def colours_of(scheme):
    blocks = re.findall(r":root \{(.*?)\}", STYLES.read_text(), re.DOTALL)
    block = blocks[0 if scheme == "light" else 1]
    return dict(re.findall(r"--([\w-]+): #([0-9a-f]{6});", block))


def contrast(one, other):
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour):
    shares = [int(colour[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_somebody_due_soon_who_was_never_seen_is_not_shown_as_seen():
    kept = decision(
        decision=Verdict.KEEP,
        reason=Reason.RECENTLY_REGISTERED,
        last_seen_by=SeenBy.REGISTRATION,
        last_seen_at=days_ago(25),
        idle_days=25,
    )
    shown = said(page_of(kept))
    assert "Due within 14 days" in shown
    assert "no sighting; registered 2026-10-31" in shown
