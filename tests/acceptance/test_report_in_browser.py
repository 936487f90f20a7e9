"""The HTML report as a person sees it: opened from a file in a real Chromium."""

import unicodedata
from importlib.resources import files

import pytest

from lastseen.model.decision import Reason, Verdict
from lastseen.reports import render_plan, render_receipt
from lastseen.reports.history import render_runs
from tests.unit.reports.samples import (
    HOSTILE,
    decision,
    hostile_plan,
    incomplete_evidence,
    outcome,
    plan_of,
    receipt_of,
    roster_of,
)
from tests.unit.reports.test_history import run

pytestmark = pytest.mark.browser

WIDTHS = (1280, 768, 390)
PLANS = {
    "nobody": plan_of(),
    "three": plan_of(*roster_of(3)),
    "many": plan_of(*roster_of(150), evidence=incomplete_evidence()),
    "hostile": hostile_plan(),
}


@pytest.fixture
def opened(browser, tmp_path):
    """Open a plan's report; everything that the page asks for or complains of is kept."""
    contexts = []

    def open_report(document: bytes, *, width: int = 1280, scheme: str = "light"):
        file = tmp_path / "report.html"
        file.write_bytes(document)
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.asked, page.complaints = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("dialog", lambda dialog: (page.complaints.append("dialog"), dialog.dismiss()))
        page.goto(file.as_uri())
        return page

    yield open_report
    for context in contexts:
        context.close()


@pytest.fixture(params=PLANS)
def document(request):
    return render_plan(PLANS[request.param], "html")


@pytest.mark.parametrize("width", WIDTHS)
def test_it_asks_for_nothing_complains_of_nothing_and_fits(opened, document, width):
    page = opened(document, width=width)
    page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
    asked = [url for url in page.asked if not url.startswith("data:")]
    assert len(asked) == 1, asked
    assert page.complaints == []
    assert page.evaluate("document.documentElement.scrollWidth") == width


RECORDS = {
    "plan": render_plan(plan_of(decision(failed_sign_ins=1, idle_days=1)), "html"),
    "receipt": render_receipt(
        receipt_of(outcome(reason=Reason.INACTIVE, error="Lost.")), "html", plan=plan_of(decision())
    ),
    "history": render_runs([run()], "html", portal="https://n.example"),
}


@pytest.mark.parametrize("record", RECORDS)
def test_on_a_card_no_value_runs_into_the_one_before_it(opened, record):
    page = opened(RECORDS[record], width=390)
    joined = page.locator("table.people tbody td").evaluate_all(
        """cells => cells.filter((cell) => {
            const before = cell.previousElementSibling;
            const shown = getComputedStyle(cell);
            return shown.display === "inline" && cell.textContent.trim()
              && getComputedStyle(before).display === "inline" && before.textContent.trim()
              && getComputedStyle(cell, "::before").content === "none";
        }).map((cell) => cell.textContent)"""
    )
    assert joined == []


def test_one_of_something_is_no_plural_on_a_card(opened):
    page = opened(RECORDS["plan"], width=390)
    said = page.locator("table.people tbody td").evaluate_all(
        "cells => cells.map((cell) => getComputedStyle(cell, '::after').content)"
    )
    assert '" day idle"' in said
    assert '" failed sign-in"' in said


@pytest.mark.parametrize("width", WIDTHS)
def test_one_picture_is_seen_at_any_width(opened, width):
    page = opened(render_plan(PLANS["many"], "html"), width=width)
    drawings = page.get_by_role("img", name="The roster by days since last seen")
    assert drawings.count() == 1
    box = drawings.bounding_box()
    assert box["width"] > 0.7 * width
    smallest = page.evaluate(
        """() => Math.min(...[...document.querySelectorAll('svg.drawing text')]
            .map(text => text.getBoundingClientRect().height).filter(height => height))"""
    )
    assert smallest >= 9


def test_the_policys_line_parts_kept_from_disabled(opened):
    plan = plan_of(
        decision(idle_days=29, decision=Verdict.KEEP, reason=Reason.ACTIVE), decision(idle_days=30)
    )
    page = opened(render_plan(plan, "html"))

    def left(what):
        return page.locator(f"svg.wide {what}").bounding_box()["x"]

    assert left("rect.keep") < left("line.limit") <= left("rect.disable") + 1


def test_those_kept_unfold_with_the_keyboard(opened):
    page = opened(render_plan(PLANS["many"], "html"))
    kept = next(d for d in PLANS["many"].decisions if d.decision is Verdict.KEEP)
    assert not page.get_by_text(kept.email).is_visible()
    page.locator("#keep summary").focus()
    page.keyboard.press("Enter")
    assert page.get_by_text(kept.email).is_visible()


def test_a_card_leads_to_its_people(opened):
    page = opened(render_plan(PLANS["many"], "html"))
    page.locator(".card.hold a").click()
    assert page.url.endswith("#hold")
    assert page.locator("#hold").bounding_box()["y"] < 900


def test_hostile_names_are_only_names(opened):
    page = opened(render_plan(PLANS["hostile"], "html"))
    page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
    text = page.locator("body").inner_text()
    for shown in ("<script>alert(1)</script>", "{{ 7 * 7 }}", "\\u202egnp.exe", "\\x1b[31mred"):
        assert shown in text
    assert page.locator("#people tbody tr").count() == 4 * len(HOSTILE)
    assert page.locator("#people img, #people script").count() == 0


def test_its_policy_stops_a_script_that_got_in_all_the_same(opened):
    document = render_plan(PLANS["three"], "html")
    page = opened(document.replace(b"</main>", b"<script>document.title = 'in'</script></main>"))
    assert page.title() != "in"
    assert any("Content Security Policy" in said for said in page.complaints)


def test_dark_mode_is_dark_and_paper_is_light(opened):
    page = opened(render_plan(PLANS["many"], "html"), scheme="dark")
    brightness = """() => getComputedStyle(document.body).backgroundColor
        .match(/\\d+/g).map(Number).reduce((a, b) => a + b) / 3"""
    assert page.evaluate(brightness) < 60
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate(brightness) == 255


def test_it_prints_with_the_headers_of_its_tables(opened):
    page = opened(render_plan(PLANS["many"], "html"))
    page.emulate_media(media="print")
    assert page.locator("#disable thead").evaluate("e => getComputedStyle(e).display") == (
        "table-header-group"
    )
    assert page.pdf(format="A4").startswith(b"%PDF")
    # A heading that isn't a block may stay alone at the foot of a page.
    heading = page.locator(".group > h2").first
    assert heading.evaluate("e => getComputedStyle(e).display") == "block"


def test_a_row_is_at_most_half_as_high_as_a_sentence_made_it(opened):
    page = opened(render_plan(plan_of(*roster_of(40)), "html"))
    rows = page.locator("#disable tbody tr")
    assert max(rows.nth(n).bounding_box()["height"] for n in range(rows.count())) <= 48


def test_people_can_be_searched_and_sorted(opened):
    page = opened(render_plan(PLANS["many"], "html"))
    kept = next(d for d in PLANS["many"].decisions if d.decision is Verdict.KEEP)
    page.get_by_label("Search people").fill(str(kept.user_id).upper())
    assert page.get_by_text(str(kept.user_id)).is_visible()
    assert page.locator("#people tbody tr:visible").count() == 1
    page.get_by_label("Search people").fill("")
    page.locator("#disable").get_by_role("button", name="Who").click()
    names = page.locator("#disable tbody th bdi:first-child").all_inner_texts()
    assert len(set(names)) > 2
    assert names == sorted(names, key=_as_a_person_files_them)
    assert page.locator("#disable th[aria-sort=ascending]").inner_text().startswith("Who")


def _as_a_person_files_them(name):
    """Return the name without accents and capitals: É is filed with E."""
    letters = unicodedata.normalize("NFKD", name)
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).casefold()


def test_without_scripts_everyone_is_there_and_there_is_no_search(browser, tmp_path):
    (tmp_path / "report.html").write_bytes(render_plan(PLANS["many"], "html"))
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((tmp_path / "report.html").as_uri())
    assert page.locator("#people tbody tr").count() == 150
    assert not page.locator(".tools").is_visible()
    context.close()


def test_paper_shows_everyone(opened):
    page = opened(render_plan(PLANS["many"], "html"))
    page.emulate_media(media="print")
    kept = next(d for d in PLANS["many"].decisions if d.decision is Verdict.KEEP)
    assert page.get_by_text(kept.user_id).is_visible()


def test_ten_thousand_people_open_at_once(opened, tmp_path):
    page = opened(b"")
    (tmp_path / "report.html").write_bytes(render_plan(plan_of(*roster_of(10_000)), "html"))
    tools = page.context.new_cdp_session(page)
    tools.send("Performance.enable")
    page.reload(timeout=120_000)
    # Processor time: the other programs of a busy machine don't count.
    spent = {m["name"]: m["value"] for m in tools.send("Performance.getMetrics")["metrics"]}
    assert 0.1 < spent["ThreadTime"] < 10
    assert page.locator("#people tbody tr").count() == 10_000


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (768, "dark"), (390, "dark")])
def test_axe_finds_nothing_to_complain_of(opened, document, width, scheme):
    pytest.importorskip("axe_playwright_python")
    page = opened(document, width=width, scheme=scheme)
    page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert [(v["id"], v["nodes"][0]["html"]) for v in found["violations"]] == []


def test_the_command_writes_a_report_that_opens(lastseen, simulated_portal, opened):
    portal = simulated_portal("--contractors", "30", "--seed", "4")
    ran = lastseen("review", "-o", "report.html", environment=portal.environment)
    assert ran.exit_code == 0, ran.stderr
    assert ran.stdout == ""
    page = opened((lastseen.folder / "report.html").read_bytes())
    assert page.complaints == []
    assert page.locator("h1").inner_text().endswith("to be disabled")
    assert page.locator("#people tbody tr").count() >= 30
