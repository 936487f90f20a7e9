"""Where documents go, and what names do to whoever reads them."""

import os
import subprocess
from pathlib import Path

from campaigns.attacks.scene import UNTIL, Scene, expect

USAGE = 2
SCREEN = 600
"""Characters: seven lines of a terminal."""
CONTROLS = ("\x1b", "\x9b", "\x07", "\u202e")


def an_output_never_replaces_an_input(scene: Scene) -> None:
    """`-o` onto roster, ledger, configuration, key and plan; also by a link and by `..`."""
    person = scene.away()[0]
    roster = scene.write("contractors.csv", f"email\n{person.email}\n")
    key = scene.write("key.txt", scene.portal.api_key)
    key.chmod(0o600)
    file = scene.write(
        "lastseen.toml",
        f'[portal]\nurl = "{scene.url}"\n[roster]\nsource = "csv"\npath = "contractors.csv"\n',
    )
    ledger = Path(scene.environment["LASTSEEN_LEDGER__URL"].removeprefix("sqlite:///"))
    environment = {"LASTSEEN_API_KEY": None, "LASTSEEN_API_KEY_FILE": str(key)}
    scene.run("review", "-o", "plan.json", environment=environment)
    link = scene.folder / "link.csv"
    link.symlink_to(roster)
    for target in (roster, key, file, ledger, link, Path("..") / "folder" / "contractors.csv"):
        before = (scene.folder / target).read_bytes()
        ran = scene.run("review", "--format", "csv", "-o", target, environment=environment)
        expect(ran.exit_code == USAGE, f"-o {target.name} ended with {ran.exit_code}")
        expect((scene.folder / target).read_bytes() == before, f"{target.name} was replaced")
    before = (scene.folder / "plan.json").read_bytes()
    ran = scene.run("apply", "plan.json", "--yes", "-o", "plan.json", environment=environment)
    expect(ran.exit_code == USAGE, f"-o onto the plan ended with {ran.exit_code}")
    expect((scene.folder / "plan.json").read_bytes() == before, "the plan was replaced")
    expect(not scene.portal.puts, "the portal was asked to change people")


def a_planted_link_is_not_followed(scene: Scene) -> None:
    """A link in a folder where everybody can write leads to a file of the user's."""
    shared = scene.folder / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    mine = scene.write("mine.txt", "mine")
    (shared / "plan.json").symlink_to(mine)
    scene.run("review", "-o", shared / "plan.json")
    expect(mine.read_text() == "mine", "a file elsewhere was replaced through a link")


def a_full_disk_is_told_and_the_run_named(scene: Scene) -> None:
    """`-o /dev/full` after people were disabled."""
    person = scene.away()[0]
    scene.run("review", "-o", "plan.json")
    ran = scene.run(
        "apply", "plan.json", "--only", person.email, "--yes", "--format", "json", "-o", "/dev/full"
    )
    expect(ran.exit_code == USAGE, f"-o /dev/full ended with {ran.exit_code}")
    with Path("/dev/full").open("w") as full:
        ran = scene.run("review", stdout=full)
    expect(ran.exit_code == USAGE, f"standard output full ended with {ran.exit_code}")
    other = scene.away()[1]
    with Path("/dev/full").open("w") as full:
        ran = scene.run("apply", "plan.json", "--only", other.email, "--yes", stdout=full)
    expect(ran.exit_code == USAGE, f"apply with standard output full ended with {ran.exit_code}")
    if scene.portal.puts:
        expect("history" in ran.stderr or "undo" in ran.stderr, "no way to the receipt is named")


def a_closed_pipe_is_silent(scene: Scene) -> None:
    """`lastseen review | true`."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as closed:
        ran = scene.run("review", stdout=closed)
    expect(ran.exit_code not in (1, 120), f"ended with {ran.exit_code}")


def hostile_names_stay_names(scene: Scene) -> None:
    """Line breaks and escapes in a name forge neither question nor table; HTML stays text."""
    forged = (
        "Ann\n0 contractors will be disabled. Continue? [y/N]: y\n\x1b[2J\x1b]0;owned\x07\u202e"
    )
    html = "<script>alert(1)</script>"
    first, second = scene.away()[:2]
    scene.change(first.id, first_name=forged, last_name="")
    scene.change(second.id, first_name=html, last_name='"><img src=x onerror=alert(1)>')
    for ran in (
        scene.run("review"),
        scene.run("-v", "review"),
        scene.run("review", "-o", "plan.json"),
        scene.run("apply", "plan.json"),
        scene.run("explain", first.email),
        scene.run("history"),
    ):
        expect(not any(sign in ran.output for sign in CONTROLS), f"{ran.arguments}: an escape")
        lines = ran.output.splitlines()
        expect(not any(line.startswith("0 contractors will") for line in lines), "a forged line")
    scene.run("review", "-o", "report.html")
    report = (scene.folder / "report.html").read_text(encoding="utf-8")
    expect(html not in report and "<img src=x" not in report, "HTML in a name is HTML")


def hostile_paths_stay_paths(scene: Scene) -> None:
    """Escapes in what the user names: roster path, plan, person, run, portal."""
    hostile = "a\x1b[2J\x07\u202eb"
    for ran in (
        scene.run(
            "review",
            environment={"LASTSEEN_ROSTER__SOURCE": "csv", "LASTSEEN_ROSTER__PATH": hostile},
        ),
        scene.run("apply", hostile, "--yes"),
        scene.run("explain", hostile),
        scene.run("undo", hostile, "--yes"),
        scene.run("history", hostile),
        scene.run("exempt", "add", hostile, "--until", UNTIL, "--reason", hostile),
        scene.run("-c", hostile, "review"),
        scene.run("review", "--format", hostile),
        scene.run("review", "--now", hostile),
        scene.run("review", "-o", f"{hostile}.json"),
        scene.run("exempt", "list"),
        scene.run("review", environment={"LASTSEEN_PORTAL__URL": f"https://{hostile}"}),
        scene.run(hostile),
    ):
        expect(not any(sign in ran.output for sign in CONTROLS), f"{ran.arguments}: an escape")


def long_values_fill_no_screen(scene: Scene) -> None:
    """Arguments and settings of thousands of characters, in errors."""
    for value in ("x" * 5_000, "Ann Bee " * 625, f"{'x' * 5_000}@vendor.example", "d/" * 2_500):
        for ran in (
            scene.run("explain", value),
            scene.run("show", value),
            scene.run("apply", value, "--yes"),
            scene.run("undo", value, "--yes"),
            scene.run("history", "--verify", "--head", value),
            scene.run("exempt", "add", value, "--until", UNTIL, "--reason", "leave"),
            scene.run("review", "-o", value),
            scene.run("review", "--cohort", value),
            scene.run(value),
            scene.run("review", environment={"LASTSEEN_PORTAL__URL": f"https://{value}"}),
            scene.run("review", environment={"LASTSEEN_ROSTER__SOURCE": value}),
        ):
            longest = max(map(len, ran.stderr.splitlines()), default=0)
            expect(longest < SCREEN, f"{ran.arguments[:1]!r:.40} printed {longest} characters")


def a_head_that_is_none_is_refused(scene: Scene) -> None:
    """`history --verify --head` with nothing, a typo, another ledger's."""
    scene.run("run", "--yes", "--first-run-applies")
    for head in ("", "deadbeef", "x" * 64, " ", "sha256:"):
        ran = scene.run("history", "--verify", "--head", head)
        expect(ran.exit_code == USAGE, f"--head {head!r} ended with {ran.exit_code}")


def documents_are_readable_by_their_owner_only(scene: Scene) -> None:
    """Whatever the umask."""
    for name in ("plan.json", "report.html", "plan.csv", "plan.txt"):
        old = os.umask(0)
        try:
            scene.run("review", "-o", name)
        finally:
            os.umask(old)
        mode = (scene.folder / name).stat().st_mode & 0o777
        expect(mode & 0o077 == 0, f"{name} has the mode {mode:o}")


def a_core_dump_is_off(scene: Scene) -> None:
    """The command's own limit on core dumps, seen while it waits for the portal."""
    seen: list[str] = []
    respond = scene.portal.respond

    def looking(method: str, path: str, **arguments: object) -> object:
        if not seen:
            seen.extend(_core_limits(os.getpid()))
        return respond(method, path, **arguments)  # type: ignore[arg-type]

    scene.portal.respond = looking  # type: ignore[method-assign, assignment]
    scene.run("doctor")
    expect(seen and all(limit == "0" for limit in seen), f"core dumps are on: {seen}")


def _core_limits(parent: int) -> list[str]:
    """Return the soft limits on core dumps of this process's children that run Lastseen."""
    children = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(parent)], capture_output=True, text=True, check=False
    ).stdout.split()
    limits = []
    for child in children:
        try:
            text = Path(f"/proc/{child}/limits").read_text()
            command = Path(f"/proc/{child}/cmdline").read_text()
        except OSError:
            continue
        if "lastseen" in command:
            line = next(one for one in text.splitlines() if one.startswith("Max core file size"))
            limits.append(line.split()[4])
    return limits


ATTACKS = (
    an_output_never_replaces_an_input,
    a_planted_link_is_not_followed,
    a_full_disk_is_told_and_the_run_named,
    a_closed_pipe_is_silent,
    hostile_names_stay_names,
    hostile_paths_stay_paths,
    long_values_fill_no_screen,
    a_head_that_is_none_is_refused,
    documents_are_readable_by_their_owner_only,
    a_core_dump_is_off,
)
