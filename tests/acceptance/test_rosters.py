"""The walk of an administrator: people from HR in an Excel file, cohorts, contracts, an auditor."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import openpyxl
import pytest

TODAY = datetime.now(UTC).date()


def written(folder, people, *, until=None):
    """Save `people` as HR would: a title, a header of its own, dates as cells."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.append(["Contractors", None, None, None])
    sheet.append([])
    sheet.append(["Name", "Mail", "Until", "Type"])
    for number, email in enumerate(people):
        kind = "auditor" if number % 2 else "developer"
        sheet.append([f"Person {number}", email, until, kind])
    workbook.save(folder / "contractors.xlsx")


@pytest.fixture
def hr(at_work):
    """A configuration for HR's file in the working directory, and the guests' addresses."""
    plan = json.loads(at_work("review", "--format", "json").stdout)
    (at_work.folder / "lastseen.toml").write_text(
        """
[roster]
source = "xlsx"
path = "contractors.xlsx"

[roster.columns]
email = "Mail"
display_name = "Name"
end_date = "Until"
kind = "Type"

[policy]
inactive_days = 30

[[policy.for]]
name = "auditors"
kind = "auditor"
inactive_days = 170
"""
    )
    return [one["email"] for one in plan["decisions"] if one["email"]]


def test_from_an_excel_file_with_cohorts_and_a_contract_end_to_a_plan(at_work, hr):
    written(at_work.folder, hr[:20], until=TODAY + timedelta(days=5))

    ran = at_work(
        *("review", "-o", "plan.json", "-o", "report.html", "-o", "people.csv"),
        *("--soon", "14", "--roster-out", "roster.csv"),
    )

    assert ran.exit_code in (0, 4), ran.stderr
    plan = json.loads((at_work.folder / "plan.json").read_text())
    roster = (at_work.folder / "roster.csv").read_bytes()
    assert plan["population"]["source"] == "xlsx"
    assert plan["population"]["listed"] == 20
    assert plan["population"]["sha256"] == sha256(roster).hexdigest()
    cohorts = {one["cohort"] for one in plan["decisions"] if one["reason"] != "unknown-guest"}
    assert cohorts == {"auditors", None}
    kept = [one["user_id"] for one in plan["decisions"] if one["decision"] in ("keep", "hold")]
    assert plan["soon"]["days"] == 14
    assert {one["user_id"] for one in plan["soon"]["people"]} == set(kept)
    assert {one["reason"] for one in plan["soon"]["people"]} <= {"contract-ended", "inactive"}
    rows = list(csv.DictReader(io.StringIO((at_work.folder / "people.csv").read_text("utf-8-sig"))))
    assert sum(bool(row["due_at"]) for row in rows) == len(kept)
    assert plan["population"]["sha256"] in (at_work.folder / "report.html").read_text()

    part = json.loads(at_work("review", "--cohort", "auditors", "--format", "json").stdout)
    assert {one["cohort"] for one in part["decisions"]} == {"auditors"}
    assert len(part["decisions"]) == 10

    written(at_work.folder, [*hr[:4], "no address"])
    ran = at_work("review")
    assert ran.exit_code == 2
    assert "row 8: column Mail is not one e-mail address" in ran.stderr
