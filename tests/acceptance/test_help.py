import pytest

COMMANDS = (
    (),
    ("init",),
    ("doctor",),
    ("status",),
    ("review",),
    ("apply",),
    ("run",),
    ("undo",),
    ("explain",),
    ("show",),
    ("history",),
    ("exempt",),
    ("exempt", "add"),
    ("exempt", "list"),
    ("exempt", "remove"),
    ("fleet",),
    ("fleet", "sync"),
    ("fleet", "enqueue"),
    ("fleet", "status"),
    ("fleet", "pause"),
    ("fleet", "resume"),
    ("worker",),
    ("demo",),
    ("simulate",),
)
HEAVY = ("aiohttp", "alembic", "asyncio", "jinja2", "msgspec", "pydantic", "rich", "sqlalchemy")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command) or "lastseen")
def test_every_help_fits_in_80_columns(lastseen, command):
    ran = lastseen(*command, "--help", environment={"COLUMNS": "80"})
    assert ran.exit_code == 0
    assert ran.stderr == ""
    assert max(map(len, ran.stdout.splitlines())) <= 80
    assert ran.stdout.startswith(f"Usage: {' '.join(('lastseen', *command))}")


def test_no_command_is_cut_short_in_the_list(lastseen):
    listed = lastseen("--help", environment={"COLUMNS": "80"}).stdout.partition("Commands:")[2]
    assert "..." not in listed


def test_help_loads_nothing_heavy(lastseen):
    told = lastseen.by_script("--help", environment={"PYTHONPROFILEIMPORTTIME": "1"}).stderr
    loaded = {line.rpartition("|")[2].strip() for line in told.splitlines()}
    assert "typer" in loaded
    assert not loaded.intersection(HEAVY)


def test_no_command_at_all_shows_the_help_as_a_mistake(lastseen):
    ran = lastseen()
    assert ran.exit_code == 2
    assert ran.stdout == ""
    assert "Commands:" in ran.stderr


def test_the_version_is_shown(lastseen):
    ran = lastseen("--version")
    assert ran.exit_code == 0
    assert ran.stdout.startswith("lastseen ")


def test_a_mistyped_command_is_answered_with_the_nearest(lastseen):
    ran = lastseen("reviw")
    assert ran.exit_code == 2
    assert "Did you mean 'review'?" in ran.stderr


def test_a_review_as_json_loads_no_other_format_and_nothing_that_writes_a_configuration(at_work):
    profiled = {"PYTHONPROFILEIMPORTTIME": "1"}
    told = at_work.by_script("review", "-o", "plan.json", environment=profiled)
    assert told.exit_code == 0
    loaded = {line.rpartition("|")[2].strip() for line in told.stderr.splitlines()}
    assert "sqlalchemy" in loaded
    assert not loaded.intersection(("alembic", "jinja2", "rich.console", "tomlkit"))
