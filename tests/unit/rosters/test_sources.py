import asyncio

import pytest

from lastseen.docspace.interface import Portal
from lastseen.model.contractor import Contractor
from lastseen.model.errors import UsageError
from lastseen.rosters import Listing, RosterOptions, known_sources, open_roster
from tests.unit.rosters.pretended_portal import PretendedPortal


class HouseRoster:
    """What another package might bring."""

    name = "house"
    outside = True

    def __init__(self, options: RosterOptions) -> None:
        self._url = options.url

    async def load(self, portal: Portal) -> Listing:
        return Listing(contractors=(Contractor(email=f"someone@{self._url}"),))


@pytest.fixture
def another_package(tmp_path, monkeypatch):
    """Install a package that brings the sources `house` and `broken`."""
    folder = tmp_path / "house-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: house\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text(
        f"[lastseen.rosters]\nhouse = {__name__}:HouseRoster\nbroken = no_such_module:Roster\n"
    )
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.parametrize("source", ["sql", "http", "scim", "ldap", ""])
def test_a_source_that_is_not_there_is_refused_with_those_that_are(source):
    with pytest.raises(UsageError) as refusal:
        open_roster(RosterOptions(source=source))

    assert "guests, csv" in refusal.value.remedy


@pytest.mark.usefixtures("another_package")
def test_other_packages_bring_their_own_sources():
    roster = open_roster(RosterOptions(source="house", url="x.org"))

    listing = asyncio.run(roster.load(PretendedPortal()))

    assert listing.contractors == (Contractor(email="someone@x.org"),)
    assert known_sources() == ("guests", "csv", "broken", "house")


@pytest.mark.usefixtures("another_package")
def test_another_packages_source_that_cannot_be_imported_is_no_traceback():
    with pytest.raises(UsageError, match="no_such_module"):
        open_roster(RosterOptions(source="broken"))


def test_options_that_a_source_would_not_heed_are_refused(tmp_path):
    with pytest.raises(UsageError) as refusal:
        open_roster(
            RosterOptions(
                source="csv",
                path=tmp_path / "contractors.csv",
                exclude_email_domains=("example.com",),
            )
        )

    assert "roster.exclude_email_domains" in refusal.value.found
    assert "guests" in refusal.value.remedy


def test_a_file_named_without_its_source_does_not_become_a_roster_of_all_guests(tmp_path):
    with pytest.raises(UsageError, match=r"roster\.path is set") as refusal:
        open_roster(RosterOptions(path=tmp_path / "contractors.csv"))

    assert "csv" in refusal.value.remedy
