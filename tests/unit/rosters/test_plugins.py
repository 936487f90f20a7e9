import asyncio

import pytest

from lastseen.docspace.interface import Portal
from lastseen.model.contractor import Contractor
from lastseen.model.errors import ExitCode, RosterError, UsageError
from lastseen.rosters import Listing, RosterOptions, known_sources, open_roster
from tests.unit.rosters.pretended_portal import PretendedPortal


class HouseRoster:
    """What another package might bring."""

    name = "house"
    outside = True

    def __init__(self, options: RosterOptions) -> None:
        self._options = options.options
        if self._options.get("floor") == 13:
            raise KeyError("no such floor")

    async def load(self, portal: Portal) -> Listing:
        if self._options["floor"] == 0:
            raise ZeroDivisionError("ann@vendor.com")
        return Listing(contractors=(Contractor(email=f"someone@{self._options['domain']}"),))


@pytest.fixture(autouse=True)
def _another_package(tmp_path, monkeypatch):
    """Install a package that brings the sources `house` and `broken`."""
    folder = tmp_path / "house-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: house\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text(
        f"[lastseen.rosters]\nhouse = {__name__}:HouseRoster\nbroken = no_such_module:Roster\n"
    )
    monkeypatch.syspath_prepend(tmp_path)


def test_other_packages_bring_their_own_sources_with_options_of_their_own():
    options = {"floor": 1, "domain": "x.org"}

    roster = open_roster(RosterOptions(source="house", options=options))

    assert asyncio.run(roster.load(PretendedPortal())).contractors == (
        Contractor(email="someone@x.org"),
    )
    assert roster.outside
    assert {"broken", "house"} < set(known_sources())


def test_a_source_that_cannot_be_imported_is_no_traceback():
    with pytest.raises(UsageError, match="no_such_module"):
        open_roster(RosterOptions(source="broken"))


@pytest.mark.parametrize("floor", [13, 0])
def test_an_exception_of_another_package_is_reported_as_its_own(floor):
    def read() -> None:
        roster = open_roster(RosterOptions(source="house", options={"floor": floor}))
        asyncio.run(roster.load(PretendedPortal()))

    with pytest.raises(RosterError) as failure:
        read()

    assert "the package house failed" in failure.value.found
    assert "not in Lastseen" in failure.value.meaning
    assert "ann@vendor.com" not in str(failure.value)
    assert failure.value.exit_code is ExitCode.REFUSED
