import re
import subprocess
import sys
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs" / "library.md"


def test_the_example_in_the_documentation_runs(at_work):
    (example,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
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
    assert "applied: {'disabled': 11}" in ran.stdout
    assert "taken back: {'reinstated': 11}" in ran.stdout
