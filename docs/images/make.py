"""Makes the pictures of the README anew: the HTML report and the table of one review.

Run it with the environment that `make test` lays, and Debian's Chromium:

    .venv/bin/python docs/images/make.py

One review of the simulator's default portal gives both pictures. Dates are those of today, so
that each making differs by them.
"""

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.text import Text

from lastseen.model.plan import Plan
from lastseen.model.plan_document import decode_plan
from lastseen.reports import PlanContext, Screen, render_plan

HERE = Path(__file__).parent

REPORT_WIDTH = 1200
"""Pixels."""
REPORT_ROWS = 3
"""People of the first table that are on the picture; it ends below them."""
TABLE_WIDTH = 120
"""Columns of the terminal: from here on a person takes one line."""

SVG = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono",
monospace; font-size: {char_height}px; line-height: {line_height}px;
font-variant-east-asian: full-width; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: system-ui, sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""Like rich's own picture of a terminal, with fonts that every machine has."""

LASTSEEN = (sys.executable, "-m", "lastseen")


def main() -> None:
    """Write `report.png` and `table.svg` beside this file."""
    with TemporaryDirectory(prefix="lastseen-images-") as folder, _simulated_portal() as served:
        plan = _reviewed(Path(folder), served)
        (HERE / "table.svg").write_text(_drawn(plan), encoding="utf-8")
        _photograph(Path(folder) / "report.html", HERE / "report.png")


@contextmanager
def _simulated_portal() -> Iterator[Mapping[str, str]]:
    """Yield the variables that `lastseen simulate` prints; its portal ends with the block."""
    process = subprocess.Popen((*LASTSEEN, "simulate"), stdout=subprocess.PIPE, encoding="utf-8")
    try:
        assert process.stdout is not None
        yield dict(process.stdout.readline().strip().partition("=")[::2] for _ in range(2))
    finally:
        process.terminate()
        process.communicate()


def _reviewed(folder: Path, served: Mapping[str, str]) -> Plan:
    """Return the plan of a first review, which has an empty ledger; its report lies beside it."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("LASTSEEN_")}
    ledger = {"LASTSEEN_LEDGER__URL": f"sqlite:///{folder / 'ledger.sqlite3'}"}
    subprocess.run(
        (*LASTSEEN, "review", "-o", "plan.json", "-o", "report.html"),
        cwd=folder,
        env={**others, **served, **ledger},
        check=True,
    )
    return decode_plan((folder / "plan.json").read_bytes(), source="plan.json")


def _drawn(plan: Plan) -> str:
    """Return the coloured table as a self-contained SVG that fetches no font."""
    context = PlanContext(screen=Screen(width=TABLE_WIDTH, colour=True, limit=10))
    table = render_plan(plan, "table", context=context).decode()
    console = Console(file=io.StringIO(), width=TABLE_WIDTH, record=True, force_terminal=True)
    console.print(Text.from_ansi(table), end="")
    return console.export_svg(title="lastseen review", code_format=SVG) + "\n"


def _photograph(report: Path, picture: Path) -> None:
    with sync_playwright() as playwright:
        # As root Chromium runs without its sandbox only; the page is our own.
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": REPORT_WIDTH, "height": 900})
        page.goto(report.as_uri())
        row = page.locator("table.people").first.locator("tbody tr").nth(REPORT_ROWS - 1)
        box = row.bounding_box()
        assert box is not None
        page.screenshot(
            path=picture,
            full_page=True,
            clip={"x": 0, "y": 0, "width": REPORT_WIDTH, "height": box["y"] + box["height"]},
        )
        browser.close()


if __name__ == "__main__":
    main()
