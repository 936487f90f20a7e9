"""A roster that lost most of its people since a plan was carried out stops `apply` and `run`."""

import json
from dataclasses import replace

import pytest

from tests.acceptance.conftest import Command
from tests.acceptance.levers import statuses


@pytest.fixture
def rostered(at_work: Command) -> Command:
    """The command with a CSV roster, from which a plan was carried out on one person."""
    found = json.loads(at_work("review", "--format", "json").stdout)["decisions"]
    people = [one["email"] for one in found if one["decision"] in ("disable", "keep")]
    due = [one["email"] for one in found if one["decision"] == "disable"]
    _write(at_work, [*due, *(email for email in people if email not in due)])
    roster = {"LASTSEEN_ROSTER__SOURCE": "csv", "LASTSEEN_ROSTER__PATH": "roster.csv"}
    command = replace(at_work, environment={**at_work.environment, **roster})
    assert command("review", "-o", "plan.json").exit_code == 0
    assert command("apply", "plan.json", "--yes", "--limit", "1").exit_code == 0
    # Given a roster that was not written to its end
    _write(at_work, due[:4])
    return command


def test_a_roster_that_shrank_stops_apply_and_review_warns(rostered, small_portal):
    before = statuses(small_portal)

    reviewed = rostered("review", "-o", "plan.json")
    applied = rostered("apply", "plan.json", "--yes")

    assert "A guardrail would stop this" in reviewed.stderr
    assert applied.exit_code == 5
    assert "the roster has 4 people and had" in applied.stderr
    assert "max_roster_shrink" in applied.stderr
    assert statuses(small_portal) == before


def test_a_roster_that_shrank_stops_run(rostered, small_portal):
    before = statuses(small_portal)

    ran = rostered("run", "--yes", "--first-run-applies")

    assert ran.exit_code == 5
    assert "the roster has 4 people and had" in ran.stderr
    assert statuses(small_portal) == before


def test_a_roster_cut_short_is_not_what_the_next_one_is_compared_with(rostered, small_portal):
    before = statuses(small_portal)
    cut = (rostered.folder / "roster.csv").read_text()
    _write(rostered, [])

    emptied = rostered("run", "--yes", "--first-run-applies")
    (rostered.folder / "roster.csv").write_text(cut)
    ran = rostered("run", "--yes", "--first-run-applies")

    assert (emptied.exit_code, ran.exit_code) == (5, 5)
    assert "the roster has 0 people and had" in emptied.stderr
    assert "the roster has 4 people and had" in ran.stderr
    assert statuses(small_portal) == before


def test_max_disable_lifts_no_guard_over_the_roster(rostered, small_portal):
    before = statuses(small_portal)
    rostered("review", "-o", "plan.json")

    assert rostered("apply", "plan.json", "--yes", "--max-disable", "9").exit_code == 5
    assert rostered("run", "--yes", "--first-run-applies", "--max-disable", "9").exit_code == 5
    assert statuses(small_portal) == before


def test_a_roster_that_may_shrink_so_much_is_carried_out(rostered):
    allowed = {"LASTSEEN_GUARDRAILS__MAX_ROSTER_SHRINK": "0.95"}
    assert rostered("review", "-o", "plan.json", environment=allowed).exit_code == 0
    assert rostered("apply", "plan.json", "--yes", environment=allowed).exit_code == 0


def _write(command: Command, people: list[str]) -> None:
    text = "\n".join(["email", *people])
    (command.folder / "roster.csv").write_text(f"{text}\n", encoding="utf-8")
