import os
from pathlib import Path

import msgspec
import pytest

from lastseen.cli.output import write_file
from lastseen.cli.protected import refuse_inputs_as_outputs
from lastseen.config.settings import PortalSettings, Settings
from lastseen.model.errors import ExitCode, UsageError
from lastseen.rosters import RosterOptions


@pytest.fixture
def settings(tmp_path, monkeypatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    for name in ("contractors.csv", "key", "ledger.sqlite3", "plan.json", "own.toml"):
        (tmp_path / name).write_text("precious")
    monkeypatch.setenv("LASTSEEN_API_KEY_FILE", str(tmp_path / "other-key"))
    return Settings(
        portal=PortalSettings(url="https://portal.example", api_key_file=tmp_path / "key"),
        roster=RosterOptions(source="csv", path=tmp_path / "contractors.csv"),
        ledger_url=f"sqlite:///{tmp_path / 'ledger.sqlite3'}",
    )


def refused(output: Path, settings: Settings) -> str:
    inputs = [("the plan", Path("plan.json")), ("the configuration", Path("own.toml"))]
    with pytest.raises(UsageError) as told:
        refuse_inputs_as_outputs([output], settings, inputs=inputs)
    assert told.value.exit_code is ExitCode.USAGE
    return told.value.found


@pytest.mark.parametrize(
    ("output", "what"),
    [
        ("contractors.csv", "the roster"),
        ("./contractors.csv", "the roster"),
        ("ledger.sqlite3", "the ledger"),
        ("ledger.sqlite3-wal", "the ledger"),
        ("key", "the API key"),
        ("other-key", "the API key"),
        ("plan.json", "the plan"),
        ("own.toml", "the configuration"),
        ("lastseen.toml", "the configuration"),
    ],
)
def test_an_output_is_never_an_input_or_what_lastseen_keeps(settings, output, what):
    assert what in refused(Path(output), settings)


@pytest.mark.parametrize(
    ("output", "what"),
    [("hr.db", "the roster"), ("hr.db-wal", "the roster"), ("token", "a secret of the roster")],
)
def test_an_output_is_never_the_rosters_database_or_secret(settings, tmp_path, output, what):
    (tmp_path / "hr.db").write_text("precious")
    (tmp_path / "token").write_text("precious")
    roster = RosterOptions(
        source="sql",
        url=f"sqlite:///{tmp_path / 'hr.db'}",
        headers={"Authorization": f"Bearer file:{tmp_path / 'token'}"},
    )

    found = refused(Path(output), msgspec.structs.replace(settings, roster=roster))

    assert what in found


def test_another_name_of_an_input_is_found(settings, tmp_path):
    (tmp_path / "link.csv").symlink_to(tmp_path / "contractors.csv")
    os.link(tmp_path / "contractors.csv", tmp_path / "second.csv")

    assert "the roster" in refused(Path("link.csv"), settings)
    assert "the roster" in refused(Path("second.csv"), settings)


def test_a_lock_of_the_ledger_is_no_output(settings, tmp_path):
    (tmp_path / "ledger.sqlite3.0123456789ab.lock").touch()

    assert "a lock" in refused(Path("ledger.sqlite3.0123456789ab.lock"), settings)


@pytest.mark.parametrize("second", ["a.json", "./a.json", "linked.json"])
def test_two_documents_never_go_to_one_file(settings, tmp_path, second):
    (tmp_path / "linked.json").symlink_to(tmp_path / "a.json")

    with pytest.raises(UsageError, match="two documents"):
        refuse_inputs_as_outputs([Path("a.json"), Path(second)], settings, inputs=[])


def test_any_other_file_may_be_written(settings):
    refuse_inputs_as_outputs([Path("report.html"), Path("-")], settings, inputs=[])


@pytest.mark.skipif(os.name != "posix", reason="sticky folders are POSIX's")
def test_a_link_that_others_could_have_planted_is_replaced_and_not_followed(tmp_path):
    from lastseen.cli.output import short_destinations

    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    precious = tmp_path / "precious.json"
    precious.write_text("precious")
    (shared / "report.json").symlink_to(precious)

    (place,) = short_destinations([shared / "report.json"], None).places
    assert place.file is not None
    write_file(place.file, b"report")

    assert precious.read_text() == "precious"
    assert (shared / "report.json").read_text() == "report"
    assert not (shared / "report.json").is_symlink()


@pytest.mark.skipif(os.name != "posix", reason="owners are POSIX's")
def test_a_folder_that_is_a_link_of_somebody_elses_is_refused(tmp_path, monkeypatch):
    from lastseen.cli.output import short_destinations

    (tmp_path / "private").mkdir()
    reports = tmp_path / "reports"
    reports.symlink_to(tmp_path / "private")
    if os.geteuid() == 0:
        os.chown(reports, 12345, 12345, follow_symlinks=False)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 12345)

    with pytest.raises(UsageError, match="another user"):
        short_destinations([reports / "report.json"], None)


def test_a_link_in_a_folder_of_ones_own_is_followed(tmp_path):
    from lastseen.cli.output import short_destinations

    tmp_path.chmod(0o755)
    (tmp_path / "real.json").write_text("old")
    (tmp_path / "report.json").symlink_to(tmp_path / "real.json")

    (place,) = short_destinations([tmp_path / "report.json"], None).places
    assert place.file is not None
    write_file(place.file, b"new")

    assert (tmp_path / "real.json").read_text() == "new"
    assert (tmp_path / "report.json").is_symlink()


def test_a_roster_that_cannot_be_a_path_is_no_output(tmp_path):
    settings = Settings(
        portal=PortalSettings(url="https://portal.example"),
        roster=RosterOptions(source="csv", path=Path("a\0b")),
    )
    refuse_inputs_as_outputs([tmp_path / "plan.json"], settings, inputs=[])


def test_links_in_a_circle_are_no_input(settings, tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    refuse_inputs_as_outputs([tmp_path / "new.json"], settings, inputs=[("x", tmp_path / "loop")])
