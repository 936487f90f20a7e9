"""Rosters and exclusions as people really write them."""

from datetime import UTC, datetime, timedelta

from campaigns.attacks.scene import Scene, expect
from lastseen.simulator.world.people import Person

USAGE = 2
GUARDRAIL = 5
SOMEBODY = "00000000-0000-4000-8000-00000000abcd"
"""The id of an account that the portal doesn't have."""


def no_end_is_no_end(scene: Scene) -> None:
    """Dates by which systems say "no end"."""
    for date in (
        "0001-01-01",
        "1753-01-01",
        "1899-12-30",
        "1899-12-31",
        "1900-01-00",
        "1900-01-01",
        "1904-01-01",
        "1970-01-01",
        "1999-12-31",
        "0000-00-00",
        "9999-12-31",
        "-",
    ):
        _keeps(scene, f"email,end_date\n{{}},{date}\n")


def a_row_longer_than_the_header_ends_nothing(scene: Scene) -> None:
    """An unquoted comma in a name moves the start date under `end_date`."""
    _keeps(scene, "kind,display_name,end_date,email\nE,Doe, John,2024-01-01,{}\n")
    _keeps(scene, "email,display_name,end_date\n{},Doe, John,2024-01-01,2028-01-01\n")
    _keeps(scene, "email,end_date\n{},2024-01-01,2028-01-01\n")


def midnight_elsewhere_is_not_a_day_early(scene: Scene) -> None:
    """An instant that is still today somewhere, or ends today."""
    today = datetime.now(UTC).date()
    yesterday = today - timedelta(days=1)
    for stamp in (f"{yesterday}T23:00:00Z", f"{today}T00:00:00+02:00", f"{yesterday}T22:00:00Z"):
        _keeps(scene, f"email,end_date\n{{}},{stamp}\n")


def dates_that_only_a_parser_reads_are_refused(scene: Scene) -> None:
    """Week dates, ordinals, basic format, spaces, other digits, ambiguous order."""
    for date in (
        "2024-W01-1",
        "2024W011",
        "20240101",
        "2024-01-01T",
        "2024-01-01T10",
        "2024-1-1",
        "01/02/2024",
        "1704067200",
        "45292",
        "\u0662\u0660\u0662\u0664-\u0660\u0661-\u0660\u0661",
    ):
        _keeps(scene, f"email,end_date\n{{}},{date}\n", allowed_codes=(USAGE,))


def a_row_that_names_two_people_ends_nothing(scene: Scene) -> None:
    """The row that prolongs a contract has slipped into another column; the ended one is whole."""
    ended = "id,email,end_date\n,{0},2020-01-01\n"
    for prolonged in (
        "{0},other@vendor.example,2029-12-31",
        "Ann <{0}>,other@vendor.example,",
        f"{SOMEBODY},other@vendor.example;{{0}},2029-12-31",
        f"{SOMEBODY},{{0}} other@vendor.example,",
    ):
        _keeps(scene, f"{ended}{prolonged}\n")
    _keeps(scene, "email,end_date,Mail\n{0},2020-01-01,\nother@vendor.example,2029-12-31,{0}\n")


def exclusions_that_exclude_nobody_are_refused(scene: Scene) -> None:
    """Things that can't be a domain, in every option that takes one."""
    for option in ("EXCLUDE_EMAIL_DOMAINS", "EMAIL_DOMAINS"):
        for domain in (
            '"vendor.example"',
            "*@vendor.example",
            "*.vendor.example",
            "https://vendor.example",
            "ann@vendor.example",
            "vendor.example;other.example",
            "vendor_example..",
            "vendor example",
            "@",
            "[]]",
        ):
            ran = scene.run(
                "review", "-o", "plan.json", environment={f"LASTSEEN_ROSTER__{option}": domain}
            )
            expect(ran.exit_code == USAGE, f"{option}={domain!r} ended with {ran.exit_code}")


def a_roster_that_is_something_else_is_refused(scene: Scene) -> None:
    """Not a table, and its content must not be repeated."""
    for number, text in enumerate(
        (
            "root:x:0:0:secret-of-root:/root:/bin/sh\n",
            '{"secret": "of-json"}',
            "\x00\x01secret-of-x",
        )
    ):
        file = scene.write(f"roster-{number}.csv", text)
        ran = scene.run("review", "-o", "plan.json", environment=_csv(str(file)))
        expect(ran.exit_code == USAGE, f"roster {number} ended with {ran.exit_code}")
        expect("secret" not in ran.output, f"roster {number} is repeated")


def endless_files_end(scene: Scene) -> None:
    """Devices and pipes as roster, plan, configuration and key."""
    import os

    pipe = scene.folder / "pipe"
    os.mkfifo(pipe)
    for source in ("/dev/zero", str(pipe)):
        for ran in (
            scene.run("review", "-o", "plan.json", environment=_csv(source), timeout=60),
            scene.run("apply", source, "--yes", timeout=60),
            scene.run("-c", source, "review", timeout=60),
            scene.run(
                "doctor",
                environment={"LASTSEEN_API_KEY": None, "LASTSEEN_API_KEY_FILE": source},
                timeout=60,
            ),
        ):
            expect(ran.exit_code == USAGE, f"{source} {ran.arguments} ended with {ran.exit_code}")


def paths_that_no_file_can_have_are_told(scene: Scene) -> None:
    """Pipes, links in a circle, homes that nobody has and endless names, wherever one is named."""
    import os

    os.mkfifo(scene.folder / "pipe")
    (scene.folder / "loop").symlink_to("loop")
    (scene.folder / "loop.json").symlink_to("loop.json")
    for name in ("pipe", "loop", "~nobody-has-this-name/x", "x" * 300):
        path = name if name.startswith("~") else str(scene.folder / name)
        sql = {"SOURCE": "sql", "URL": f"sqlite:///{path}", "QUERY": "SELECT email FROM people"}
        for ran, codes in (
            (scene.run("history", environment={"LASTSEEN_LEDGER__URL": f"sqlite:///{path}"}), {2}),
            (scene.run("run", "--yes", "--metrics-file", path), {0, 2}),  # "~" is a shell's
            (scene.run("review", environment=_csv(path)), {2}),
            (scene.run("review", environment=_roster(sql)), {2, 3}),  # 3: there is no such file
            (scene.run("show", path), {2}),
        ):
            expect(ran.exit_code in codes, f"{name[:20]} {ran.arguments}: {ran.exit_code}")
    expect(scene.run("review", "-o", "loop.json").exit_code == USAGE, "a circle of links")
    expect((scene.folder / "pipe").is_fifo(), "a pipe was replaced")


def a_roster_cut_short_stays_noticed(scene: Scene) -> None:
    """An empty roster in between is not what the next, cut short, is compared with."""
    people = [one.email for one in scene.portal.world.people.values() if one.kind != "staff"]
    scene.spared |= scene.at_work()
    file = scene.folder / "roster.csv"
    environment = {
        "LASTSEEN_ROSTER__SOURCE": "csv",
        "LASTSEEN_ROSTER__PATH": str(file),
        "LASTSEEN_POLICY__UNKNOWN_GUESTS": "disable",
    }
    for listed, code in ((people, 0), ([], GUARDRAIL), (people[:3], GUARDRAIL)):
        file.write_text("\n".join(["email", *listed]) + "\n", encoding="utf-8")
        options = ("--yes", "--first-run-applies", "--max-disable", "40")
        ran = scene.run("run", *options, environment=environment)
        expect(ran.exit_code == code, f"{len(listed)} people: {ran.exit_code}")


def _roster(options: dict[str, str]) -> dict[str, str]:
    return {f"LASTSEEN_ROSTER__{name}": value for name, value in options.items()}


def _csv(path: str) -> dict[str, str]:
    return {
        "LASTSEEN_ROSTER__SOURCE": "csv",
        "LASTSEEN_ROSTER__PATH": path,
        "LASTSEEN_ROSTER__RECONCILE": "false",
    }


def _worker(scene: Scene) -> Person:
    return next(one for one in scene.portal.world.people.values() if one.kind == "daily")


def _keeps(scene: Scene, roster: str, *, allowed_codes: tuple[int, ...] = (0, USAGE)) -> None:
    who = _worker(scene)
    scene.spared.add(who.id)
    file = scene.write("roster.csv", roster.format(who.email))
    ran = scene.run("run", "--yes", "--first-run-applies", environment=_csv(str(file)))
    expect(who.id not in scene.asked_to_disable(), f"{roster!r} ended access")
    expect(ran.exit_code in allowed_codes, f"{roster!r} ended with {ran.exit_code}")


ATTACKS = (
    no_end_is_no_end,
    a_row_longer_than_the_header_ends_nothing,
    midnight_elsewhere_is_not_a_day_early,
    dates_that_only_a_parser_reads_are_refused,
    a_row_that_names_two_people_ends_nothing,
    exclusions_that_exclude_nobody_are_refused,
    a_roster_that_is_something_else_is_refused,
    endless_files_end,
    paths_that_no_file_can_have_are_told,
    a_roster_cut_short_stays_noticed,
)
