"""What a fleet file may say, and what it may not."""

import os
from pathlib import Path

import pytest

from lastseen.fleet.configuration import read_fleet
from lastseen.model.errors import UsageError

SECRET = "sk-0123456789abcdef"
ONE = '[[portal]]\nname = "one"\nurl = "https://one.example"\napi_key = "env:ONE_KEY"\n'


@pytest.fixture
def written(tmp_path: Path):
    def write(text: str) -> Path:
        file = tmp_path / "fleet.toml"
        file.write_text(text, encoding="utf-8")
        return file

    return write


def refused(file: Path) -> UsageError:
    with pytest.raises(UsageError) as caught:
        read_fleet(file)
    return caught.value


def test_defaults_hold_for_every_portal_and_a_portals_own_tables_go_before(written):
    fleet = read_fleet(
        written(
            "[defaults.portal]\nschedule = '15 6 * * 1-5'\ntime_zone = 'Europe/Berlin'\n"
            "jitter_minutes = 30\n[defaults.policy]\ninactive_days = 45\nlookback_days = 90\n"
            f"{ONE}[portal.policy]\ninactive_days = 60\n"
            "[[portal]]\nname = 'two'\nurl = 'https://two.example/'\napi_key = 'env:TWO_KEY'\n"
            "command = 'run'\nschedule = '0 3 * * *'\n"
        )
    )
    one, two = fleet
    assert one.tables["policy"] == {"inactive_days": 60, "lookback_days": 90}
    assert two.tables["policy"] == {"inactive_days": 45, "lookback_days": 90}
    assert (one.command, two.command) == ("review", "run")
    assert one.schedule is not None
    assert (one.schedule.cron, one.schedule.jitter_minutes) == ("15 6 * * 1-5", 30)
    assert two.schedule is not None
    assert (two.schedule.cron, two.schedule.time_zone) == ("0 3 * * *", "Europe/Berlin")
    assert two.url == "https://two.example"


def test_the_environment_has_no_say(written, monkeypatch):
    monkeypatch.setenv("LASTSEEN_POLICY__INACTIVE_DAYS", "1")
    monkeypatch.setenv("LASTSEEN_PORTAL__URL", "https://elsewhere.example")
    (one,) = read_fleet(written(ONE))
    assert one.url == "https://one.example"
    assert "policy" not in one.tables


@pytest.mark.parametrize(
    "line",
    [
        f'api_key = "{SECRET}"',
        f'api_key = "env:{SECRET}"',
        f'api_key = ["{SECRET}"]',
        f'api_key = "env:K"\napi_key_file = "{SECRET}"',
    ],
)
def test_a_key_in_the_file_is_refused_and_not_repeated(written, line):
    text = f'[[portal]]\nname = "one"\nurl = "https://one.example"\n{line}\n'
    error = refused(written(text))
    assert "api_key" in error.found
    assert SECRET not in str(vars(error))


@pytest.mark.parametrize(
    "table",
    [
        f'source = "http"\nurl = "https://hr.example?access_token={SECRET}"',
        f'source = "http"\nurl = "https://me:{SECRET}@hr.example"',
        f'source = "sql"\nurl = "postgresql://me:{SECRET}@db/hr"\nquery = "select 1"',
        f'source = "http"\nurl = "https://hr.example"\nheaders = {{ Authorization = "{SECRET}" }}',
        f'source = "http"\nurl = "https://hr.example"\nheaders = {{ X-Api-Key = "{SECRET}" }}',
        f'source = "http"\nurl = "https://hr.example"\nheaders = {{ Cookie = "{SECRET}" }}',
        f'source = "http"\nurl = "https://hr.example?sv=1&sig={SECRET}"',
        f'source = "people"\noptions = {{ key_column = "id", api_key = "{SECRET}" }}',
    ],
)
def test_other_secrets_in_the_file_are_refused_and_not_repeated(written, table):
    error = refused(written(f"{ONE}[portal.roster]\n{table}\n"))
    assert "portal one: roster." in error.found
    assert SECRET not in str(vars(error))


def test_references_to_secrets_of_rosters_are_kept_as_references(written):
    headers = 'headers = { Authorization = "Bearer env:HR_TOKEN", Accept = "application/json" }'
    roster = f'[portal.roster]\nsource = "http"\nurl = "https://hr.example"\n{headers}\n'
    (one,) = read_fleet(written(f"{ONE}{roster}"))
    assert one.tables["roster"]["headers"]["Authorization"] == "Bearer env:HR_TOKEN"


def test_relative_files_are_taken_from_the_fleet_files_folder(written, tmp_path):
    text = ONE.replace("env:ONE_KEY", "file:keys/one")
    (one,) = read_fleet(written(f'{text}[portal.roster]\nsource = "csv"\npath = "one.csv"\n'))
    assert one.api_key == f"file:{tmp_path}/keys/one"
    assert one.tables["roster"]["path"] == f"{tmp_path}/one.csv"


def test_another_roster_takes_none_of_the_default_ones_options(written):
    text = f'[defaults.roster]\nsource = "csv"\npath = "all.csv"\n{ONE}[portal.roster]\n'
    (one,) = read_fleet(written(f'{text}source = "guests"\n'))
    assert one.tables["roster"] == {"source": "guests"}


def test_every_problem_of_every_portal_is_reported_at_once(written):
    text = (
        '[[portal]]\nname = "a b"\nurl = "https://one.example"\napi_key = "env:K"\n'
        '[[portal]]\nname = "two"\nurl = "ftp://two"\napi_key = "env:K"\nschedule = "hourly"\n'
        '[[portal]]\nname = "three"\nurl = "https://3.example"\napi_key = "env:K"\n'
        'time_zone = "Mars"\ncommand = "apply"\n[portal.policy]\ninactive_dayz = 3\n'
    )
    found = refused(written(text)).found
    for problem in ("portal number 1: name", "portal two: portal.url", "portal two: schedule"):
        assert problem in found
    for problem in ("portal three: time_zone", "portal three: command", "inactive_dayz"):
        assert problem in found


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (ONE + ONE, "2 portals have the name one"),
        (ONE + ONE.replace('"one"', '"two"'), "2 portals have the address"),
        (f"{ONE}[portal.ledger]\nurl = 'sqlite://'\n", "ledger can't be a table of one portal"),
        ("[defaults.ledger]\nurl = 'sqlite://'\n", "the whole fleet shares one ledger"),
        ("[polcy]\nx = 1\n", "polcy is not a table"),
        ("[portal]\nurl = 'x'\n", "write [defaults"),
        ("[[portal]\n", "not valid TOML"),
    ],
)
def test_what_makes_no_fleet_is_refused(written, text, problem):
    assert problem in refused(written(text)).found


def test_a_fleet_file_that_never_ends_or_never_answers_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for file in (tmp_path / "pipe", Path("/dev/zero"), tmp_path):
        assert refused(file).exit_code == 2
