"""A fleet as its operator has it: the commands, a real PostgreSQL, portals on sockets."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.acceptance.conftest import Command, SimulatedPortal

pytestmark = pytest.mark.postgres
FLEET_FILE = """
[defaults.portal]
schedule = "15 2 * * *"
[defaults.guardrails]
max_disable_share = 1.0
[[portal]]
name = "acme"
url = "{url}"
api_key = "env:ACME_KEY"
[[portal]]
name = "lost"
url = "http://127.0.0.1:9"
api_key = "env:ACME_KEY"
"""


@pytest.fixture
def portal(simulated_portal: Callable[..., SimulatedPortal]) -> SimulatedPortal:
    return simulated_portal("--contractors", "25", "--staff", "5", "--days", "45")


@pytest.fixture
def operator(lastseen: Command, portal: SimulatedPortal, fresh_postgres_url: str) -> Command:
    """The command with the fleet's ledger and the portal's key, and a fleet file in its folder."""
    (lastseen.folder / "fleet.toml").write_text(FLEET_FILE.format(url=portal.url))
    own = {"LASTSEEN_LEDGER__URL": fresh_postgres_url, "ACME_KEY": portal.api_key}
    return replace(lastseen, environment={**lastseen.environment, **own})


def states(operator: Command) -> dict[str, str]:
    ran = operator("fleet", "status", "--format", "json")
    assert ran.exit_code == 0, ran.stderr
    document = json.loads(ran.stdout)
    return {one["name"]: one["state"] for one in document["portals"]}


def test_a_fleet_is_synced_run_and_told_of_and_a_lost_portal_is_never_clean(operator, portal):
    unasked = operator("fleet", "sync", "fleet.toml")
    assert "+ acme" in unasked.stdout
    assert states(operator) == {}
    assert operator("fleet", "sync", "fleet.toml", "--yes").exit_code == 0
    assert states(operator) == {"acme": "never", "lost": "never"}

    put = operator("fleet", "enqueue", "run", "--yes", "--first-run-applies")
    assert "2 jobs put into the queue" in put.stderr
    worked = operator("worker", "--drain")
    assert worked.exit_code == 3, worked.stderr  # the lost portal

    assert states(operator)["lost"] == "unreachable"
    assert states(operator)["acme"] in ("clean", "held")
    single = replace(operator, environment={**operator.environment, **portal.environment})
    plan = json.loads(single("review", "--format", "json").stdout)
    assert plan["summary"]["disable"] == 0
    status = json.loads(operator("fleet", "status", "--format", "json").stdout)
    disabled = [one for one in plan["decisions"] if one["reason"] == "already-disabled"]
    (acme,) = (one for one in status["portals"] if one["name"] == "acme")
    assert 0 < acme["disabled"] <= len(disabled)


def test_a_hostile_value_forges_no_line_of_what_a_sync_shows(operator):
    file = operator.folder / "fleet.toml"
    path = "x\\u001b[2J\\u202e\\n+ other  https://other.example"
    roster = f'[portal.roster]\nsource = "csv"\npath = "{path}"\n'
    assert operator("fleet", "sync", "fleet.toml", "--yes").exit_code == 0
    file.write_text(file.read_text() + roster)

    shown = operator("fleet", "sync", "fleet.toml").stdout

    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "\\x1b[2J" in shown
    assert not any(line.startswith("+ other") for line in shown.splitlines())


def test_a_number_of_people_is_only_for_runs_and_never_unasked(operator):
    assert operator("fleet", "sync", "fleet.toml", "--yes").exit_code == 0
    of_review = operator("fleet", "enqueue", "review", "--max-disable", "5", "--yes")
    unasked = operator("fleet", "enqueue", "run", "--max-disable", "5")
    assert (of_review.exit_code, unasked.exit_code) == (2, 2)
    assert "a review disables nobody" in of_review.stderr
    assert "no terminal to ask on" in unasked.stderr
    agreed = operator("fleet", "enqueue", "run", "--max-disable", "5", "--yes")
    assert "2 jobs put into the queue; 0 already waiting" in agreed.stderr
