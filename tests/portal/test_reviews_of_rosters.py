"""Reviews of outside rosters on a portal: strays on both sides, cohorts, and the population."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from lastseen import Ledger, Plan, Policy, RosterOptions, Verdict, open_portal, open_roster, review
from lastseen.ledger import PortalLedger
from lastseen.model.decision import Decision, Reason
from lastseen.model.errors import UsageError
from lastseen.model.instant import Instant
from lastseen.model.plan import Cohort
from lastseen.model.secret import ApiKey
from lastseen.simulator.server.app import serve
from lastseen.simulator.server.portal import SimulatedPortal
from lastseen.simulator.world.people import EmployeeType, Person, Status
from lastseen.simulator.world.population import Population, populate
from lastseen.simulator.world.scenario import Scenario
from lastseen.workflows.doctor import doctor
from testing.quiet import QUIET_LOGS

NOW = datetime(2026, 11, 1, 10, 30, tzinfo=UTC)


def clock() -> Instant:
    return Instant(NOW)


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return populate(NOW, Population(contractors=60, staff=10, days=150, seed=11))


def guests(scenario: Scenario) -> list[Person]:
    return [person for person in scenario.people if person.employee_type is EmployeeType.GUEST]


@pytest.fixture
def ledger():
    with Ledger.in_memory(clock=clock) as ledger:
        yield ledger


def reviewed(
    scenario: Scenario, ledger: Ledger, policy: Policy, path: Path | None = None, **options: object
) -> Plan:
    async def play() -> Plan:
        simulated = SimulatedPortal(scenario, clock=clock)
        chosen = RosterOptions(source="csv", path=path) if path else RosterOptions()
        async with (
            serve(simulated) as url,
            open_portal(url, ApiKey(simulated.api_key), clock=clock) as portal,
        ):
            return await review(
                portal,
                open_roster(chosen),
                ledger=ledger.portal("https://portal.example"),
                policy=policy,
                clock=clock,
                **options,  # type: ignore[arg-type]
                log_silence_days=QUIET_LOGS,
            )

    return asyncio.run(play())


class Notes:
    """Keeps what a review tells on the way."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def note(self, text: str) -> None:
        self.told.append(text)

    def step(self, *_: object) -> None:
        """Progress isn't kept."""


def written(path: Path, people: list[Person], *more: str) -> Path:
    rows = [f"{person.email},{person.first_name}" for person in people]
    path.write_text("\n".join(["email,display_name", *rows, *more]) + "\n")
    return path


def by_email(plan: Plan) -> dict[str | None, Decision]:
    return {decision.email: decision for decision in plan.decisions}


def test_guests_on_no_roster_are_disabled_from_the_second_review_on(scenario, ledger, tmp_path):
    listed, strays = guests(scenario)[:30], guests(scenario)[30:]
    path = written(tmp_path / "a.csv", listed, "nobody@x.org,Nobody")
    policy = Policy(unknown_guests="disable")

    first = reviewed(scenario, ledger, policy, path)
    second = reviewed(scenario, ledger, policy, path)

    unknown = [d for d in first.decisions if d.reason is Reason.UNKNOWN_GUEST]
    assert {d.email for d in unknown} == {stray.email for stray in strays}
    assert all("first review" in d.explanation for d in unknown)
    leaving = [d for d in second.decisions if d.reason is Reason.NOT_ON_ROSTER]
    untouched = {
        d.email for d in second.decisions if d.reason in (Reason.ALREADY_DISABLED, Reason.PROTECTED)
    }
    assert {d.email for d in leaving} == {stray.email for stray in strays} - untouched
    assert len(leaving) > 20
    assert {d.decision for d in leaving} == {Verdict.DISABLE}
    assert by_email(second)["nobody@x.org"].reason is Reason.NOT_ON_PORTAL
    for plan in (first, second):
        assert plan.population is not None
        assert (plan.population.listed, plan.population.unlisted) == (31, len(strays))


@pytest.mark.parametrize(
    ("people", "more", "why"),
    [(0, (), "the roster is empty"), (30, (",Ann Example",), "names nobody who can be found")],
)
def test_guests_are_kept_where_the_roster_may_not_be_whole(
    scenario, ledger, tmp_path, people, more, why
):
    policy = Policy(unknown_guests="disable")
    path = written(tmp_path / "a.csv", guests(scenario)[:30])
    reviewed(scenario, ledger, policy, path)

    plan = reviewed(scenario, ledger, policy, written(path, guests(scenario)[:people], *more))

    unknown = [d for d in plan.decisions if d.reason is Reason.UNKNOWN_GUEST]
    assert len(unknown) == len(guests(scenario)) - people
    assert all(why in d.explanation for d in unknown)


def test_exempt_guests_on_no_roster_are_kept(scenario, ledger, tmp_path):
    policy = Policy(unknown_guests="disable")
    listed, (stray, *_) = guests(scenario)[:30], guests(scenario)[30:]
    path = written(tmp_path / "a.csv", listed)
    store = ledger.portal("https://portal.example").exemptions
    store.add(stray.email, until=NOW.date(), reason="on leave")
    reviewed(scenario, ledger, policy, path)

    plan = reviewed(scenario, ledger, policy, path)

    assert by_email(plan)[stray.email].reason in (Reason.EXEMPT, Reason.ALREADY_DISABLED)


def test_an_exemption_follows_the_account_when_its_address_changes(scenario, ledger):
    old = next(g for g in guests(scenario) if g.status is Status.ACTIVE)
    renamed = replace(old, email="renamed@example.net")
    other = next(g for g in guests(scenario) if g.status is Status.ACTIVE and g is not old)
    moved = [
        renamed if p is old else replace(p, email=old.email) if p is other else p
        for p in scenario.people
    ]
    store = ledger.portal("https://portal.example").exemptions
    store.add(old.email, until=NOW.date(), reason="on leave")
    reviewed(scenario, ledger, Policy())

    plan = reviewed(replace(scenario, people=tuple(moved)), ledger, Policy())

    assert by_email(plan)[renamed.email].reason is Reason.EXEMPT
    heir = by_email(plan)[old.email]
    assert heir.reason in (Reason.AMBIGUOUS, Reason.PROTECTED)
    assert "the exemption of" in heir.explanation


def test_exemptions_of_nobody_and_those_ending_soon_are_reported_in_every_review(scenario, ledger):
    guest = guests(scenario)[0]
    store = ledger.portal("https://portal.example").exemptions
    store.add(guest.email, until=NOW.date(), reason="on leave")
    store.add("typo@example.net", until=NOW.date(), reason="on leave")
    store.add("domain:nowhere.example", until=date(2027, 3, 1), reason="partner")

    for _ in range(2):
        notes = Notes()
        reviewed(scenario, ledger, Policy(), progress=notes)
        told = "\n".join(notes.told)
        assert "exemption of typo@example.net (until 2026-11-01) covers nobody" in told
        assert "exemption of domain:nowhere.example (until 2027-03-01) covers nobody" in told
        assert f"the exemption of {guest.email.lower()} ends on 2026-11-01: on leave" in told
        assert f"the exemption of {guest.email.lower()} (until" not in told


def test_the_population_adds_up_and_its_digest_is_that_of_the_document(scenario, ledger, tmp_path):
    listed = guests(scenario)[:30]
    path = written(tmp_path / "a.csv", listed, "nobody@x.org,Nobody")
    documents: list[bytes] = []

    plan = reviewed(scenario, ledger, Policy(), path, on_roster=documents.append)

    population = plan.population
    assert population is not None
    of_roster = [d for d in plan.decisions if d.reason is not Reason.UNKNOWN_GUEST]
    assert (population.source, population.query) == ("csv", str(path))
    assert population.listed == len(of_roster) == 31
    assert population.matched == 30
    assert population.portal_total == len(guests(scenario))
    assert population.sha256 == sha256(documents[0]).hexdigest()
    assert len(documents[0].splitlines()) == 32


def test_each_person_is_decided_by_the_policy_of_their_cohort(scenario):
    """As if everyone of the cohort were reviewed under that policy, and all others under theirs."""
    cohort = Cohort(name="partners", email_domains=("example.net",), inactive_days=75)
    members = {g.email for g in guests(scenario) if g.email.lower().endswith("@example.net")}
    policies = {
        "general": Policy(inactive_days=20),
        "cohort": Policy(inactive_days=75),
        "mixed": Policy(inactive_days=20, cohorts=(cohort,)),
    }
    ledgers = {name: Ledger.in_memory(clock=clock) for name in policies}
    plans = {
        name: reviewed(scenario, ledgers[name], policy, all_dates=True)
        for name, policy in policies.items()
    }
    again = reviewed(scenario, ledgers["mixed"], policies["mixed"], all_dates=True)

    for decision in plans["mixed"].decisions:
        alone = by_email(plans["cohort" if decision.email in members else "general"])
        expected = alone[decision.email]
        assert (decision.decision, decision.reason) == (expected.decision, expected.reason)
        assert decision.cohort == ("partners" if decision.email in members else None)
        assert ("(cohort partners)" in decision.explanation) == (decision.email in members)
        repeated = by_email(again)[decision.email]
        assert (repeated.decision, repeated.reason) == (decision.decision, decision.reason)
    assert 0 < len(members) < len(guests(scenario))


def test_a_review_of_one_cohort_is_about_its_people_only(scenario, ledger):
    cohort = Cohort(name="partners", email_domains=("example.net",), inactive_days=75)

    plan = reviewed(scenario, ledger, Policy(cohorts=(cohort,)), cohort="partners")

    assert {d.cohort for d in plan.decisions} == {"partners"}
    assert plan.population is not None
    assert plan.population.listed == len(plan.decisions)
    with pytest.raises(UsageError, match="no cohort of that name"):
        reviewed(scenario, ledger, Policy(cohorts=(cohort,)), cohort="parters")


def test_doctor_counts_the_people_of_each_cohort_and_names_those_of_nobody(scenario, ledger):
    cohorts = (
        Cohort(name="partners", email_domains=("example.net",)),
        Cohort(name="ghosts", kind="ghost"),
    )

    async def play():
        simulated = SimulatedPortal(scenario, clock=clock)
        async with (
            serve(simulated) as url,
            open_portal(url, ApiKey(simulated.api_key), clock=clock) as portal,
        ):
            own: PortalLedger = ledger.portal("https://portal.example")
            return await doctor(
                portal,
                ledger=own,
                policy=Policy(cohorts=cohorts),
                clock=clock,
                roster=open_roster(RosterOptions()),
            )

    (finding,) = [one for one in asyncio.run(play()).findings if one.name == "Cohorts"]

    members = sum(g.email.lower().endswith("@example.net") for g in guests(scenario))
    assert finding.state == "warning"
    assert f"partners {members}, ghosts 0" in finding.value
    assert finding.meaning == "Nobody is in ghosts."


def test_a_warning_says_how_many_have_no_end_once_somebody_has_one(scenario, ledger, tmp_path):
    (tmp_path / "a.csv").write_text(
        "email,end_date\na@x.org,2027-01-01\nb@x.org,\nc@x.org,1970-01-01\n"
    )
    notes = Notes()

    reviewed(scenario, ledger, Policy(), tmp_path / "a.csv", progress=notes)

    assert any("2 of 3 people on the roster have no end date" in told for told in notes.told)
