"""What `doctor` finds out about a portal, and that each finding is told as it is."""

from datetime import timedelta

import pytest

from lastseen.docspace.interface import Portal
from lastseen.model.contractor import Contractor
from lastseen.model.errors import UsageError
from lastseen.rosters import Listing, RosterOptions, open_roster
from lastseen.simulator.server.filters import Filters
from lastseen.simulator.server.states import PortalState
from lastseen.simulator.world.keys import ApiKey
from tests.portal.diagnosing import diagnosed, healthy
from tests.portal.unhelpful import ADMIN, STAFF, UNKNOWN, Built, ago


@pytest.fixture
def built() -> Built:
    return healthy()


@pytest.mark.parametrize("filters", [Filters.AFTER_WINDOW, Filters.BEFORE_WINDOW])
def test_a_healthy_portal_has_nothing_but_good_findings(built: Built, filters: Filters) -> None:
    watched = built.open(filters)
    watched.portal.world.sessions.set_minutes(1440, now=0)
    found = diagnosed(watched)
    assert {finding.state for finding in found.values()} == {"ok"}
    assert found["Filters"].value == filters.value
    assert found["Longest window"].value == "180 days"


def test_a_missing_audit_option_is_a_problem_with_its_window(built: Built) -> None:
    found = diagnosed(built.open(Filters.IGNORED))
    assert found["Audit option"].state == "problem"
    assert "the Community edition has it" in (found["Audit option"].remedy or "")
    assert found["Longest window"].state == "problem"
    assert int(found["Longest window"].value.split()[0]) < 30


def test_short_retention_names_the_longest_window(built: Built) -> None:
    found = diagnosed(built.open(retention_days=7))
    assert found["Retention"].state == "warning"
    assert "Raise the lifetime" in (found["Longest window"].remedy or "")
    assert found["Retention"].remedy == "See Longest window."
    assert found["Longest window"].value == "7 days"
    assert diagnosed(built.open(retention_days=7), inactive_days=7)["Longest window"].state == "ok"


def test_a_ledger_that_fills_ahead_of_retention_is_reported(built: Built) -> None:
    built.guest()
    watched = built.open(retention_days=7)
    watched.review()
    watched.time.advance(timedelta(days=5))
    watched.portal.world.add_login(STAFF, int(watched.time.now()) - 3600, 1000)
    watched.review()
    found = diagnosed(watched)
    assert found["Longest window"].value == "12 days"
    assert "longer windows can be used" in found["Ledger"].meaning


def test_a_ledger_as_old_as_its_first_review_knows_no_more_than_the_portal(built: Built) -> None:
    built.guest()
    watched = built.open()
    watched.review()
    watched.time.advance(timedelta(hours=2))
    found = diagnosed(watched)
    assert found["Longest window"].value == "180 days"
    assert "longer windows can be used" not in found["Ledger"].meaning
    assert "whatever the portal keeps" in found["Ledger"].meaning


def test_sign_ins_in_nobodys_name_are_a_problem(built: Built) -> None:
    built.guest()
    built.signs_in(STAFF, ago(seconds=60))
    watched = built.open(faults="nameless:1")
    watched.review()
    found = diagnosed(watched)["Unknown events"]
    assert found.state == "problem"
    assert "nobody's name" in found.value


def test_unknown_events_are_named(built: Built) -> None:
    built.signs_in(STAFF, ago(seconds=60), UNKNOWN)
    found = diagnosed(built.open())
    assert found["Unknown events"].state == "warning"
    assert str(UNKNOWN) in found["Unknown events"].value


def test_clocks_that_differ_are_a_problem(built: Built) -> None:
    watched = built.open()
    watched.time.machine_ahead = -600.0
    found = diagnosed(watched)
    assert found["Clock"].state == "problem"
    assert "600 s ahead" in found["Clock"].value


def test_a_hidden_login_history_is_a_finding_and_no_error(built: Built) -> None:
    watched = built.open()
    watched.portal.audit.section_hidden = True
    assert diagnosed(watched)["Login history"].state == "problem"


def test_a_key_without_rights_is_a_finding(built: Built) -> None:
    found = diagnosed(built.open(keys=[ApiKey(secret="sk-powerless", account=STAFF)]))
    assert found["API key"].state == "problem"


class Listed:
    """A roster outside the portal that lists these people."""

    name, outside, query = "csv", True, "people.csv"

    def __init__(self, *emails: str, warnings: tuple[str, ...] = ()) -> None:
        self._listing = Listing(
            contractors=tuple(Contractor(email=email) for email in emails), warnings=warnings
        )

    async def load(self, portal: Portal) -> Listing:
        return self._listing


def test_the_roster_is_counted(built: Built) -> None:
    guest = built.guest()
    watched = built.open()
    email = watched.portal.world.people[guest].email
    found = diagnosed(watched, roster=Listed(email, "stranger@example.org"))["Roster"]
    assert found.state == "ok"
    assert found.value == "people.csv: 2 contractors listed, 1 with an account, 1 to be reviewed"


def test_a_domain_of_which_nobody_listed_has_an_account_is_named_with_numbers(
    built: Built,
) -> None:
    guest = built.guest()
    watched = built.open()
    email = watched.portal.world.people[guest].email
    known = email.rpartition("@")[2]
    roster = Listed(email, f"new@{known}", "a@typo.test", "b@TYPO.test", "c@gone.test")
    found = diagnosed(watched, roster=roster)["Roster domains"]
    assert found.state == "warning"
    assert (
        found.value == "no account for anyone listed at typo.test (2 people), gone.test (1 person)"
    )


def test_many_unknown_domains_are_counted_rather_than_named(built: Built) -> None:
    roster = Listed(*(f"a@d{place}.test" for place in range(7)))
    found = diagnosed(built.open(), roster=roster)["Roster domains"]
    assert found.value.endswith("(1 person) and 2 other domains")


def test_nothing_is_said_of_domains_where_somebody_has_an_account(built: Built) -> None:
    guest = built.guest()
    watched = built.open()
    email = watched.portal.world.people[guest].email
    roster = Listed(email, f"new@{email.rpartition('@')[2]}")
    assert "Roster domains" not in diagnosed(watched, roster=roster)


@pytest.mark.parametrize("emails", [(), ("stranger@example.org",)])
def test_a_roster_of_which_nobody_would_be_reviewed_is_a_problem(
    built: Built, emails: tuple[str, ...]
) -> None:
    found = diagnosed(built.open(), roster=Listed(*emails))["Roster"]
    assert (found.state, found.meaning) == ("problem", "A review would decide on nobody.")


def test_what_is_wrong_with_the_source_is_said(built: Built) -> None:
    guest = built.guest()
    watched = built.open()
    email = watched.portal.world.people[guest].email
    found = diagnosed(watched, roster=Listed(email, warnings=("row 3 was left out",)))["Roster"]
    assert (found.state, found.meaning) == ("warning", "Row 3 was left out.")


class Unreadable(Listed):
    """A roster whose source is wrong."""

    async def load(self, portal: Portal) -> Listing:
        raise UsageError(
            attempted="reading people.csv",
            found="it has no column email",
            meaning="nobody can be told from it",
            remedy="name the columns under [roster.columns]",
        )


def test_an_error_becomes_a_finding_in_whole_sentences_like_the_others(built: Built) -> None:
    found = diagnosed(built.open(), roster=Unreadable())["Roster"]
    assert (found.state, found.value) == ("problem", "it has no column email")
    assert found.meaning == "Nobody can be told from it."
    assert found.remedy == "Name the columns under [roster.columns]."


def test_sessions_without_a_limit_are_reported_with_both_ways_out(built: Built) -> None:
    found = diagnosed(built.open())["Sessions"]
    assert found.state == "warning"
    assert "Limit sessions" in (found.remedy or "")
    assert "sign-out" in (found.remedy or "")
    assert diagnosed(built.open(), open_sessions="sign-out")["Sessions"].state == "ok"


def test_the_release_and_the_keys_rights_are_reported(built: Built) -> None:
    found = diagnosed(built.open())
    assert found["Release"].value == "DocSpace 3.7.2"
    assert found["Rights"].value == "unlimited"
    assert "ending sessions" in found["Rights"].meaning


def test_a_key_that_may_only_read_has_one_finding_with_one_remedy(built: Built) -> None:
    keys = [ApiKey("sk-limited", ADMIN, frozenset({"*:read"}))]
    found = diagnosed(built.open(keys=keys), open_sessions="hold")
    assert found["Rights"].state == "warning"
    assert "review and doctor only; apply" in found["Rights"].meaning.replace(":", ";")
    assert "accounts:write" in (found["Rights"].remedy or "")
    assert [one.name for one in found.values() if one.remedy] == ["Rights"]


def test_a_key_for_accounts_alone_is_told_a_scope_that_helps_and_nothing_else(
    built: Built,
) -> None:
    found = diagnosed(built.open(keys=[ApiKey("sk-limited", ADMIN, frozenset({"accounts:read"}))]))
    assert found["Rights"].state == "problem"
    assert "*:read" in (found["Rights"].remedy or "")
    assert set(found) == {"Release", "Rights"}


def test_a_portal_that_is_being_restored_is_not_mistaken_for_a_key_without_rights(
    built: Built,
) -> None:
    watched = built.open()
    watched.portal.state = PortalState.RESTORING
    found = diagnosed(watched, roster=open_roster(RosterOptions()))
    assert found["Rights"].state == "ok"
    for name in ("Login history", "Roster"):
        assert found[name].state == "problem"
        assert "being restored" in found[name].meaning
        assert "key" not in (found[name].remedy or "")


def test_signing_out_is_advised_only_with_a_key_that_can(built: Built) -> None:
    scopes = frozenset({"*:read", "accounts:write"})
    watched = built.open(keys=[ApiKey("sk-limited", ADMIN, scopes)])
    assert "unlimited key" in (diagnosed(watched)["Sessions"].remedy or "")
    wanted = diagnosed(watched, open_sessions="sign-out")["Sessions"]
    assert wanted.state == "warning"
    assert "may not end sessions" in wanted.meaning


def test_the_last_review_tells_for_how_many_people_open_sessions_matter(built: Built) -> None:
    built.signs_in(built.guest(), ago(days=40))
    watched = built.open()
    assert "last review" not in diagnosed(watched)["Sessions"].value
    watched.review()
    assert "in the last review 1 person might" in diagnosed(watched)["Sessions"].value


@pytest.mark.parametrize("filters", [Filters.AFTER_WINDOW, Filters.BEFORE_WINDOW])
def test_a_log_that_has_stopped_is_a_problem_with_the_way_to_show_that_it_lives(
    filters: Filters,
) -> None:
    made = Built()
    made.staff_noise(300, days=60)
    made.logins = [one for one in made.logins if one[1] < ago(days=21)]
    made.works(STAFF, ago(days=1))
    found = diagnosed(made.open(filters), silence_days=7)
    assert found["Activity trail alive"].state == "ok"
    stopped = found["Sign-in log alive"]
    assert stopped.state == "problem"
    assert "sign in to the portal once" in (stopped.remedy or "")


def test_logs_that_are_written_are_no_finding(built: Built) -> None:
    built.works(STAFF, ago(days=1))
    found = diagnosed(built.open(), silence_days=7)
    assert found["Sign-in log alive"].state == "ok"
    assert found["Activity trail alive"].state == "ok"


def test_at_short_retention_nobody_is_advised_to_shorten_the_window(built: Built) -> None:
    found = diagnosed(built.open(retention_days=7))
    remedy = found["Longest window"].remedy or ""
    assert "stay on hold" in remedy
    assert "window" not in remedy
    assert not any("inactive_days" in (one.remedy or "") for one in found.values())


def test_a_portal_that_does_not_tell_its_time_has_an_unknown_clock(built: Built) -> None:
    found = diagnosed(built.open(faults="no-date:1"))["Clock"]
    assert (found.state, found.value) == ("problem", "unknown")
