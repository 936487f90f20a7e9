import pytest

from lastseen.model.errors import UsageError
from lastseen.rosters import RosterOptions, open_roster


@pytest.mark.parametrize("source", ["ldap", "", "CSV"])
def test_a_source_that_is_not_there_is_refused_with_those_that_are(source):
    with pytest.raises(UsageError) as refusal:
        open_roster(RosterOptions(source=source))

    assert "guests, csv, xlsx, sql, http, scim" in refusal.value.remedy


@pytest.mark.parametrize("source", ["sql", "http", "scim"])
def test_a_source_without_an_address_is_refused(source):
    with pytest.raises(UsageError, match=r"roster\.url is not set"):
        open_roster(RosterOptions(source=source))


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
