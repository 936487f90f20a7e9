"""What the documents beside the sources say of the code, held to the code."""

import json
import re
import tomllib
from itertools import chain
from pathlib import Path

import msgspec
import pytest

from lastseen.config.settings import PortalSettings
from lastseen.model.decision import Reason
from lastseen.model.errors import ExitCode
from lastseen.model.guardrails import Guardrails
from lastseen.model.plan import Policy
from lastseen.rosters.interface import RosterOptions
from lastseen.rosters.sources import OWN_OPTIONS

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")], key=lambda file: file.relative_to(ROOT)
)
README = (ROOT / "README.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """Return the README's section of that title."""
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def rows(title: str) -> list[list[str]]:
    """Return the rows of the first table of a section, without its head."""
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def test_every_key_is_in_the_readme_with_its_default():
    told = {key.strip("`"): default for key, default, _ in rows("Configuration")}
    shown = {key: _value(default) for key, default in told.items() if default.startswith("`")}
    unset = {
        "portal": PortalSettings(url=""),
        "roster": RosterOptions(),
        "policy": Policy(),
        "guardrails": Guardrails(),
    }
    defaults = {
        f"{table}.{key}": value
        for table, options in unset.items()
        for key, value in json.loads(msgspec.json.encode(options)).items()
    }
    of_later_sources = {
        f"roster.{key}"
        for key in RosterOptions.__struct_fields__
        if key not in {"source", "reconcile", *chain(*OWN_OPTIONS.values())}
    }
    assert set(told) == {*defaults, "ledger.url"} - of_later_sources
    without = {
        "portal.url",
        "portal.api_key_file",
        "roster.path",
        "policy.return_days",
        "ledger.url",
    }
    assert shown == {key: defaults[key] for key in set(told) - without}


def test_the_toml_of_the_readme_is_toml():
    for text in re.findall(r"```toml\n(.*?)```", README, re.DOTALL):
        assert tomllib.loads(text)


def test_every_reason_and_every_exit_code_is_in_the_readme():
    assert {reason.strip("`") for _, reason, _ in rows("Decisions and reasons")} == set(Reason)
    assert [int(code) for code, _ in rows("Exit codes")] == sorted(ExitCode)


def test_the_readmes_example_of_the_library_is_the_one_that_is_run():
    library = (ROOT / "docs" / "library.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert f"```python\n{shown}```" in library


def test_every_test_that_the_threat_model_names_is_there():
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "SECURITY.md").read_text(encoding="utf-8")))
    there = {
        name
        for file in ROOT.glob("tests/**/test_*.py")
        for name in re.findall(r"def (test_\w+)", file.read_text(encoding="utf-8"))
    }
    assert named - there == set()
    assert len(named) > 50


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: file.name)
def test_every_link_leads_to_a_file(document):
    targets = re.findall(r"\]\((?!https?://|#)([^)#]+)", document.read_text(encoding="utf-8"))
    assert [target for target in targets if not (document.parent / target).exists()] == []


def _value(default: str) -> object:
    return json.loads(default.strip("`"))
