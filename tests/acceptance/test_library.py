import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

DOCUMENT = Path(__file__).parents[2] / "docs" / "library.md"


REVIEW, APPLY_AND_UNDO = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)


def test_the_example_that_reviews_runs(at_work):
    stdout = _run(REVIEW, at_work)
    assert len(stdout.splitlines()) == 11
    assert "@example." in stdout


def test_the_example_that_applies_and_undoes_runs(at_work):
    stdout = _run(APPLY_AND_UNDO, at_work)
    assert "applied: {'disabled': 1}" in stdout
    assert "undone: {'reinstated': 1}" in stdout


@pytest.mark.parametrize(
    ("variable", "value", "found"),
    [
        ("LASTSEEN_API_KEY", "sk-wrong", "the portal answered 401"),
        ("LASTSEEN_PORTAL__URL", "portal.example.org", "write the whole address"),
        ("LASTSEEN_PORTAL__URL", "http://127.0.0.1:9", "the connection was refused"),
    ],
)
def test_a_wrong_key_or_address_ends_in_the_four_lines(at_work, variable, value, found):
    there = replace(at_work, environment={**at_work.environment, variable: value})
    ran = _ran(REVIEW, there)
    assert ran.returncode == 1
    *_, attempted, told, meaning, remedy = ran.stderr.rstrip().splitlines()
    assert attempted.startswith("Attempted: ")
    assert told.startswith("Found: ")
    assert found in told
    assert meaning.startswith("Meaning: ")
    assert remedy.startswith("Remedy: ")
    assert "sk-wrong" not in ran.stderr


def _run(example, at_work):
    ran = _ran(example, at_work)
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""
    return ran.stdout


def _ran(example, at_work):
    (at_work.folder / "example.py").write_text(example)
    return subprocess.run(
        [sys.executable, "-W", "error", "example.py"],
        cwd=at_work.folder,
        env=dict(at_work.environment),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
