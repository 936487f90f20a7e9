"""Every command in the documents is run, against a simulated portal."""

import json
import re
import shutil
import subprocess
import sys
import textwrap
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PAGES = {
    file.name: file.read_text(encoding="utf-8")
    for file in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
}
FLEET = ("fleet.md", "deployment.md")
"""Pages for operators of many portals; what they say needs PostgreSQL and workers."""
BLOCK = r"(?P<not_run><!-- not run: .*? -->\n)?```sh\n(?P<code>.*?)```"
UNITS = ROOT / "deploy" / "systemd"
SCHEDULED = [
    command
    for text in (
        PAGES["scheduling.md"],
        (UNITS / "lastseen-run.service").read_text(encoding="utf-8"),
        (UNITS / "lastseen-run-metrics.conf").read_text(encoding="utf-8"),
    )
    for command in re.findall(
        r"^.*(?:/opt/lastseen/bin/lastseen|- run: lastseen|    - lastseen) .*$", text, re.M
    )
]
RUN_ID = """
run_id() {
    lastseen history --format json | python -c 'import json, sys
runs = json.load(sys.stdin)["runs"]
print(next(one["run_id"] for one in runs if one["kind"] in ("apply", "run")))'
}
"""


def code(page):
    """Return what a page's shell blocks say, without the blocks that are marked as not run."""
    blocks = re.finditer(BLOCK, PAGES[page], re.DOTALL)
    return "\n".join(block["code"] for block in blocks if not block["not_run"])


@pytest.mark.parametrize(
    "document", [name for name in PAGES if "lastseen" in code(name) and name not in FLEET]
)
def test_every_command_of_a_document_runs(document, at_work, free_port):
    ada, grace = _two_who_would_be_disabled(at_work)
    script = code(document)
    if "RUN" in script and "apply" not in script.split("RUN")[0]:
        assert at_work("review", "-o", "setup.json").exit_code == 0
        assert at_work("apply", "setup.json", "--only", ada, "--yes").exit_code == 0
    for written, meant in (
        ("https://example.onlyoffice.com", at_work.environment["LASTSEEN_PORTAL__URL"]),
        ("sk-...", at_work.environment["LASTSEEN_API_KEY"]),
        ("ada@vendor.com", ada),
        ("grace@vendor.com", grace),
        ("8093", str(free_port)),
        ("2027-03-31", f"{datetime.now(UTC) + timedelta(days=90):%Y-%m-%d}"),
    ):
        script = script.replace(written, meant)
    script = re.sub(r"\bRUN\b", '"$(run_id)"', script)
    ran = _bash(RUN_ID + "\n".join(map(_line, script.splitlines())), at_work)
    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"


def test_the_auditors_script_notices_every_cut_but_that_of_the_end(at_work):
    ada, grace = _two_who_would_be_disabled(at_work)
    at_work("review", "-o", "plan.json")
    at_work("apply", "plan.json", "--only", ada, "--yes")
    at_work("apply", "plan.json", "--only", grace, "--yes", "-o", "receipt.json")
    at_work("history", "--export", "-o", "journal.jsonl")
    (script,) = re.findall(r"python3 -c '[^']*journal\.jsonl[^']*'", code("auditors.md"))
    head = json.loads((at_work.folder / "receipt.json").read_text())["journal_head"]
    journal = at_work.folder / "journal.jsonl"
    lines = journal.read_text(encoding="utf-8").splitlines(keepends=True)
    assert len(lines) > 5

    assert _bash(script, at_work).stdout.strip() == head
    for cut in (lines[1:], lines[3:], lines[:2] + lines[3:], [lines[0], *lines], []):
        journal.write_text("".join(cut), encoding="utf-8")
        assert _bash(script, at_work).returncode != 0
    journal.write_text("".join(lines[:-1]), encoding="utf-8")
    assert _bash(script, at_work).stdout.strip() not in ("", head)


@pytest.mark.parametrize("command", SCHEDULED)
def test_every_scheduled_command_runs(command, at_work):
    key, configuration = at_work.folder / "key", at_work.folder / "lastseen.toml"
    key.write_text(at_work.environment["LASTSEEN_API_KEY"])
    key.chmod(0o400)
    configuration.write_text(f'[portal]\nurl = "{at_work.environment["LASTSEEN_PORTAL__URL"]}"\n')
    command = command.replace("/opt/lastseen/bin/", "").replace("/etc/lastseen/", "")
    command = command[command.index("lastseen -c") :]
    for folder in ("%S/lastseen", "/var/lib/lastseen", "/var/lib/prometheus/node-exporter"):
        command = command.replace(folder, str(at_work.folder))
    by_file = {**at_work.environment, "LASTSEEN_API_KEY_FILE": str(key)}
    del by_file["LASTSEEN_API_KEY"], by_file["LASTSEEN_PORTAL__URL"]
    scheduler = replace(at_work, environment=by_file)
    assert _bash(command, scheduler).returncode == 0  # the first run only reports
    ran = _bash(command, scheduler)
    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"
    assert json.loads((at_work.folder / "run.json").read_text())["receipt"]


def test_every_command_of_the_fleet_guide_runs(at_work, simulated_portal, fresh_postgres_url):
    # Given a portal whose logs go back further than the 45 days of the guide
    portal = simulated_portal("--contractors", "12", "--staff", "3", "--days", "90")
    (fleet_file, *_) = re.findall(r"```toml\n(.*?)```", PAGES["fleet.md"], re.DOTALL)
    acme = textwrap.dedent("    " + fleet_file.strip()).split('name = "globex"')[0]
    acme = acme.removesuffix("[[portal]]\n").replace("file:/run/secrets/acme", "env:ACME_KEY")
    (at_work.folder / "fleet.toml").write_text(
        acme.replace("https://acme.onlyoffice.com", portal.url)
    )
    operator = replace(
        at_work,
        environment={
            **at_work.environment,
            "ACME_KEY": portal.api_key,
            "LASTSEEN_LEDGER__URL": fresh_postgres_url,
        },
    )
    commands = re.findall(r"^\s*(lastseen (?:fleet|worker) .*)$", code("fleet.md"), re.MULTILINE)
    for command in commands:
        command = re.sub(r"^(lastseen fleet sync .*)$", r"\1 --yes", command)
        command = re.sub(r"^(lastseen worker.*)$", r"\1 --drain", command)
        ran = _bash(command, operator)
        assert ran.returncode == 0, f"{command}: {ran.stdout}\n{ran.stderr}"
    assert len(commands) >= 4
    # Somebody of this portal is on hold, with an action that Lastseen does not know
    assert _bash("lastseen worker --drain", operator).returncode == 4
    (acme_status,) = re.findall(
        r"^.*acme.*$", _bash("lastseen fleet status --all", operator).stdout, re.M
    )
    assert "held" in acme_status


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd here")
def test_the_units_are_valid(tmp_path):
    names = ("lastseen-run.service", "lastseen-run.timer", "lastseen-failed@.service")
    for name in names:
        text = (UNITS / name).read_text(encoding="utf-8")
        runnable = re.sub(r"ExecStart=\S+", "ExecStart=/bin/true", text)
        (tmp_path / name).write_text(runnable.replace("User=lastseen", "User=root"))
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(tmp_path / name for name in names)],
        capture_output=True,
        encoding="utf-8",
        check=False,
        env={"SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
    )
    assert "lastseen" not in checked.stderr


@pytest.mark.parametrize(
    ("name", "kind"),
    [(".github/workflows/lastseen.yml", "github-workflows"), (".gitlab-ci.yml", "gitlab-ci")],
)
def test_the_ci_files_follow_their_schemas_and_use_a_ledger_that_lasts(tmp_path, name, kind):
    (text,) = re.findall(rf"```yaml\n# {re.escape(name)}\n(.*?)```", PAGES["scheduling.md"], re.S)
    (tmp_path / "ci.yml").write_text(text)
    tool = Path(sys.executable).with_name("check-jsonschema")
    checked = subprocess.run(
        [tool, "--builtin-schema", f"vendor.{kind}", tmp_path / "ci.yml"],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert checked.returncode == 0, checked.stdout
    assert "requirements/postgres.txt" in text
    assert (ROOT / "requirements" / "postgres.txt").exists()
    assert "LASTSEEN_LEDGER__URL" in text or kind == "gitlab-ci"


def _line(line):
    """Answer questions with yes; expect the exit code that a comment announces."""
    command, _, comment = line.partition(" #")
    if re.match(r"\s*lastseen (apply|undo|exempt add) ", command) and "--yes" not in command:
        command = f"{command.rstrip()} --yes"
    if announced := re.search(r"exits with (\d)", comment):
        return f"{{ {command}; }} && exit 97 || [ $? = {announced[1]} ]"
    return command


def _two_who_would_be_disabled(at_work):
    plan = json.loads(at_work("review", "--format", "json").stdout)
    return [one["email"] for one in plan["decisions"] if one["decision"] == "disable"][:2]


def _bash(script, at_work):
    path = f"{Path(sys.executable).parent}:{at_work.environment['PATH']}"
    return subprocess.run(
        [
            "bash",
            "-euo",
            "pipefail",
            "-c",
            f"trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n{script}",
        ],
        cwd=at_work.folder,
        env={**at_work.environment, "PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=240,
        check=False,
    )
