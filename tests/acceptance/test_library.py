import re
import subprocess
import sys
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs" / "library.md"


REVIEW, APPLY_AND_UNDO = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)


def test_the_example_that_reviews_runs(at_work):
    stdout = _run(REVIEW, at_work)
    assert len(stdout.splitlines()) == 11
    assert "@example." in stdout


def test_the_example_that_applies_and_undoes_runs(at_work):
    stdout = _run(APPLY_AND_UNDO, at_work)
    assert "applied: {'disabled': 11}" in stdout
    assert "undone: {'reinstated': 11}" in stdout


def _run(example, at_work):
    (at_work.folder / "example.py").write_text(example)
    ran = subprocess.run(
        [sys.executable, "-W", "error", "example.py"],
        cwd=at_work.folder,
        env=dict(at_work.environment),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""
    return ran.stdout
