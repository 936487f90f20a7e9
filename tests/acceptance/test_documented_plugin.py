"""The plug-in of the documentation is built, installed and used."""

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

PLUGIN = Path(__file__).parents[2] / "docs" / "examples" / "plugin"


def test_the_plug_in_of_the_documentation_works(at_work, tmp_path):
    installed = tmp_path / "installed"
    shutil.copytree(PLUGIN, tmp_path / "plugin")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel"],
        cwd=tmp_path / "plugin",
        check=True,
    )
    (wheel,) = tmp_path.glob("plugin/dist/*.whl")
    zipfile.ZipFile(wheel).extractall(installed)
    everyone = json.loads(at_work("review", "--format", "json").stdout)["decisions"]
    due = [one["email"] for one in everyone if one["decision"] == "disable"]
    members = at_work.folder / "members.txt"
    members.write_text("\n".join([*due[:2], "nobody@vendor.example"]))
    reviewed = at_work.by_script(
        "review",
        "--format",
        "markdown",
        environment={
            "PYTHONPATH": str(installed),
            "LASTSEEN_ROSTER__SOURCE": "mailing-list",
            "LASTSEEN_ROSTER__PATH": str(members),
        },
    )
    assert reviewed.exit_code == 0, reviewed.stderr
    assert reviewed.stdout.startswith("# To be disabled\n")
    assert sum(f"`{address}`" in reviewed.stdout for address in due) == 2
