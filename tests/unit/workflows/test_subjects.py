"""Who is reviewed, and what is known about them before any log is read."""

import asyncio
from datetime import date, timedelta

import pytest
from msgspec import structs

from lastseen.ledger import Ledger
from lastseen.model.contractor import AccountStatus, Contractor, UserId
from lastseen.model.decision import Decision, Reason, Verdict
from lastseen.model.errors import UsageError
from lastseen.model.instant import parse_instant, utc_date
from lastseen.model.plan import Cohort, Plan, Policy, Population, summarise
from lastseen.model.plan_document import sealed
from lastseen.rosters import Listing
from lastseen.workflows.first_answers import first_answers
from lastseen.workflows.subjects import load_subjects
from tests.unit.execution.plans import COMPLETE
from tests.unit.rosters.pretended_portal import PretendedPortal, guest, guid

NOW = parse_instant("2026-11-20T12:00:00Z")
ANN, BEN = guest(1, "ann@x.example"), guest(2, "ben@x.example")
OWN = guid(0xFFFF)
REMOVING = Policy(unknown_guests="disable")


class Said:
    """A roster outside the portal that says what it was told to."""

    name = "csv"
    outside = True
    query = "/contractors.csv"

    def __init__(self, *people: str, complete: bool = True, warnings: tuple[str, ...] = ()) -> None:
        contractors = tuple(Contractor(email=one, end_date=date(2027, 1, 1)) for one in people)
        self.listing = Listing(contractors=contractors, complete=complete, warnings=warnings)

    async def load(self, _portal: object) -> Listing:
        return self.listing


class Notes:
    """Keeps what a person is told."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def step(self, stage: str, done: int, total: int | None = None) -> None:
        pass

    def note(self, text: str) -> None:
        self.texts.append(text)


@pytest.fixture
def book():
    with Ledger.in_memory(clock=lambda: NOW) as ledger:
        yield ledger


@pytest.fixture
def ledger(book):
    return book.portal("https://portal.example.com")


def load(roster, ledger, *people, policy=Policy(), noted=True, cohort=None, notes=None):  # noqa: B008
    async def loaded():
        portal = PretendedPortal(people_there=people)
        async with first_answers(portal, roster) as first:
            return await load_subjects(
                portal,
                roster,
                first=first,
                ledger=ledger,
                policy=policy,
                now=NOW,
                noted_at=NOW if noted else None,
                reconcile=True,
                cohort=cohort,
                progress=notes or Notes(),
            )

    return asyncio.run(loaded())


def subject(reviewed, who):
    (found,) = [s for s in reviewed.subjects if s.profile and s.profile.id == who.id]
    return found


def reviewed_once(ledger, query=Said.query):
    """Let the ledger know a finished review of the roster."""
    population = Population(
        source="csv", query=query, listed=5, matched=5, portal_total=5, read_at=NOW, sha256=""
    )
    decisions = (
        Decision(
            user_id=UserId("x"),
            email=None,
            display_name=None,
            decision=Verdict.KEEP,
            reason=Reason.ACTIVE,
            explanation="",
        ),
    )
    plan = Plan(
        plan_id="earlier",
        portal=ledger.url,
        created_at=NOW,
        now=NOW,
        policy=Policy(),
        evidence=COMPLETE,
        decisions=decisions,
        summary=summarise(decisions),
        population=population,
    )
    run = ledger.runs.begin("review")
    ledger.runs.keep_plan(run.run_id, sealed(plan), b"")
    ledger.runs.finish(run.run_id, state="done", summary={}, exit_code=0)


def test_everyone_on_the_roster_and_every_other_guest_is_reviewed(ledger):
    reviewed = load(Said("ann@x.example", "gone@x.example"), ledger, ANN, BEN)

    assert subject(reviewed, ANN).problem is None
    assert subject(reviewed, BEN).problem is Reason.UNKNOWN_GUEST
    assert (reviewed.population.listed, reviewed.population.matched) == (2, 1)
    assert reviewed.population.unlisted == 1


def test_a_guest_is_off_the_roster_only_on_a_whole_roster_reviewed_before(ledger):
    reviewed_once(ledger)
    roster = Said("ann@x.example")

    assert subject(load(roster, ledger, ANN, BEN, policy=REMOVING), BEN).is_off_roster


@pytest.mark.parametrize(
    ("roster", "policy", "known", "why"),
    [
        (Said("ann@x.example"), Policy(), True, "the policy reports"),
        (Said(), REMOVING, True, "the roster is empty"),
        (Said("ann@x.example", complete=False), REMOVING, True, "may mean this guest"),
        (Said("ann@x.example"), REMOVING, False, "the first review"),
    ],
    ids=["the policy keeps them", "empty", "incomplete", "never reviewed"],
)
def test_a_guest_on_no_roster_is_kept_while_there_is_any_doubt(ledger, roster, policy, known, why):
    if known:
        reviewed_once(ledger)

    found = subject(load(roster, ledger, ANN, BEN, policy=policy), BEN)

    assert not found.is_off_roster
    assert found.problem is Reason.UNKNOWN_GUEST
    assert why in (found.problem_explanation or "")


def test_a_review_of_another_file_is_no_review_of_this_one(ledger):
    reviewed_once(ledger, query="/other.csv")

    found = subject(load(Said("ann@x.example"), ledger, ANN, BEN, policy=REMOVING), BEN)

    assert not found.is_off_roster


def test_an_exempt_guest_is_known_as_exempt_and_the_exemption_follows_the_account(ledger):
    ledger.exemptions.add("ann@x.example", until=date(2026, 12, 31), reason="on leave")

    found = subject(load(Said("ann@x.example"), ledger, ANN), ANN)

    assert found.exemption == "on leave (until 2026-12-31)"
    (bound,) = ledger.exemptions.active(utc_date(NOW))
    assert bound.user_id == ANN.id


def test_an_exemption_of_a_nearly_equal_address_is_held_as_doubtful(ledger):
    reviewed_once(ledger)
    ledger.exemptions.add("b\u0435n@x.example", until=date(2026, 12, 31), reason="on leave")

    found = subject(load(Said("ann@x.example"), ledger, ANN, BEN, policy=REMOVING), BEN)

    assert found.problem is Reason.AMBIGUOUS
    assert not found.is_off_roster


def test_a_pretended_review_notes_nothing(ledger):
    ledger.exemptions.add("ann@x.example", until=date(2026, 12, 31), reason="on leave")

    load(Said("ann@x.example"), ledger, ANN, noted=False)

    assert ledger.accounts.known() == frozenset()
    (bound,) = ledger.exemptions.active(utc_date(NOW))
    assert bound.user_id is None


def test_the_account_of_the_key_and_a_reinstated_one_are_known_as_such(ledger):
    own = structs.replace(ANN, id=OWN)
    ledger.accounts.note_reinstated([BEN.id], NOW)

    reviewed = load(Said("ann@x.example", "ben@x.example"), ledger, own, BEN)

    assert subject(reviewed, own).is_own_account
    assert not subject(reviewed, BEN).is_own_account
    assert subject(reviewed, BEN).reinstated_at == NOW


def test_only_the_people_of_a_cohort_are_reviewed_and_by_its_policy(ledger):
    policy = Policy(
        inactive_days=90,
        cohorts=(Cohort(name="x", email_domains=("x.example",), inactive_days=30),),
    )
    other = guest(3, "cat@y.example")

    roster = Said("ann@x.example", "cat@y.example")

    (found,) = load(roster, ledger, ANN, other, policy=policy, cohort="x").subjects
    assert (found.profile, found.cohort) == (ANN, "x")
    assert found.own_policy(policy).inactive_days == 30
    everyone = load(roster, ledger, ANN, other, policy=policy)
    assert subject(everyone, other).own_policy(policy).inactive_days == 90


def test_accounts_known_under_another_address_are_refused(book, ledger):
    book.portal("https://old.example").accounts.note([ANN], NOW)

    with pytest.raises(UsageError, match=r"https://old\.example"):
        load(Said("ann@x.example"), ledger, ANN)
    assert ledger.accounts.known() == frozenset()


def test_a_person_is_told_of_what_the_roster_lacks_and_of_exemptions_that_cover_nobody(ledger):
    ledger.exemptions.add("eve@x.example", until=date(2026, 12, 31), reason="on leave")
    ledger.exemptions.add(
        "ann@x.example", until=utc_date(NOW) + timedelta(days=3), reason="until the audit"
    )
    notes = Notes()

    load(Said("ann@x.example", warnings=("row 7: ignored",)), ledger, ANN, notes=notes)

    told = "\n".join(notes.texts)
    assert "row 7: ignored" in told
    assert "eve@x.example" in told
    assert "ann@x.example ends on 2026-11-23" in told


@pytest.mark.parametrize(
    ("listed", "warns"), [("nobody@y.example", True), ("ann@x.example", False)]
)
def test_a_roster_of_which_nobody_has_an_account_is_told(ledger, listed, warns):
    notes = Notes()

    load(Said(listed), ledger, ANN, notes=notes)

    assert any("nobody of 1 person on the roster" in one for one in notes.texts) is warns


def test_nobody_who_is_disabled_already_is_held_as_doubtful(ledger):
    gone = structs.replace(BEN, status=AccountStatus.TERMINATED)
    ledger.exemptions.add("b\u0435n@x.example", until=date(2026, 12, 31), reason="on leave")

    found = subject(load(Said("ben@x.example"), ledger, gone), gone)

    assert found.problem is not Reason.AMBIGUOUS
