"""Whether so many people may be disabled at all."""

from datetime import timedelta

import msgspec
import pytest

from lastseen.execution.guardrails import Allowance, allowance, check_guardrails, people_on_roster
from lastseen.execution.history import History, LastChange
from lastseen.model.contractor import UserId
from lastseen.model.decision import Reason
from lastseen.model.errors import ExitCode
from lastseen.model.guardrails import Guardrails, GuardrailStopped
from lastseen.model.instant import Instant, minute
from lastseen.model.plan import Plan, Population
from lastseen.model.receipt import OutcomeKind
from tests.unit.execution.fake_portal import START, FakePortal
from tests.unit.execution.plans import plan_for


def roster_of(count: int) -> Plan:
    return plan_for(FakePortal(), [], kept=count)


def people(count: int, first: int = 0) -> frozenset[UserId]:
    return frozenset(UserId(f"p{number}") for number in range(first, first + count))


def allowed(**fields: object) -> Allowance:
    return msgspec.structs.replace(Allowance(guardrails=Guardrails()), **fields)


def changed(**fields: object) -> History:
    """Return a history in which one person was disabled at the start."""
    change = LastChange(run_id="r", outcome=OutcomeKind.DISABLED, at=START)
    changes = {UserId("p0"): msgspec.structs.replace(change, **fields)}
    return History(changes=changes, signed_out={}, signed_out_by={}, perhaps_signed_out={})


def test_more_people_than_the_guardrail_stop_everything():
    plan = roster_of(1000)
    check_guardrails(people(50), plan=plan, allowed=allowed())
    with pytest.raises(GuardrailStopped) as stopped:
        check_guardrails(people(51), plan=plan, allowed=allowed())
    assert stopped.value.exit_code is ExitCode.GUARDRAIL
    assert stopped.value.plan == plan
    assert "--max-disable 51" in stopped.value.remedy


@pytest.mark.parametrize(
    ("chosen", "roster", "share"), [(1, 4, 0.25), (29, 100, 0.29), (0, 0, 0.0)]
)
def test_exactly_the_share_is_allowed(chosen, roster, share):
    limits = Guardrails(max_disable_share=share)
    check_guardrails(people(chosen), plan=roster_of(roster), allowed=allowed(guardrails=limits))


@pytest.mark.parametrize(("chosen", "roster"), [(2, 3), (26, 100), (2, 0)])
def test_a_larger_share_stops_everything(chosen, roster):
    with pytest.raises(GuardrailStopped, match="25%"):
        check_guardrails(people(chosen), plan=roster_of(roster), allowed=allowed())


@pytest.mark.parametrize("roster", [0, 1, 3])
def test_one_person_always_passes_the_share(roster):
    check_guardrails(people(1), plan=roster_of(roster), allowed=allowed())


def test_people_disabled_lately_count_as_well():
    plan = roster_of(100)
    check_guardrails(people(5), plan=plan, allowed=allowed(recently=people(20, first=50)))
    with pytest.raises(GuardrailStopped, match="21 people were disabled in that time already"):
        check_guardrails(people(5), plan=plan, allowed=allowed(recently=people(21, first=50)))


def times(*days: int) -> tuple[Instant, ...]:
    return tuple(Instant(START + timedelta(days=day)) for day in days)


@pytest.mark.parametrize(
    ("limit", "returns"),
    [
        (3, Instant(START + timedelta(days=7))),  # the first of three makes room for another
        (2, Instant(START + timedelta(days=8))),  # a limit lowered since needs one more to go
        (0, None),  # nobody ever, however long one waits
    ],
)
def test_a_stop_that_allows_nobody_says_when_somebody_may_be_disabled_again(limit, returns):
    lately = allowed(
        guardrails=Guardrails(max_disable=limit, max_disable_share=1.0),
        recently=people(3, first=50),
        recent_times=times(0, 1, 2),
    )
    plan = roster_of(100)
    with pytest.raises(GuardrailStopped) as stopped:
        check_guardrails(people(2), plan=plan, allowed=lately)
    until = f"nobody more may be disabled until {minute(returns)}; " if returns else ""
    assert stopped.value.remedy == (
        f"check the plan (`lastseen show {plan.plan_id} -o plan.json` writes it); {until}allow all "
        "of them this once with `lastseen apply plan.json --max-disable 2`, or raise `max_disable` "
        "in [guardrails]"
    )


@pytest.mark.parametrize(
    ("arguments", "limit", "commands"),
    [
        (
            ("my plan.json",),
            None,
            (
                "lastseen apply 'my plan.json' --limit 20 --max-disable 20",
                "lastseen apply 'my plan.json' --max-disable 23",
            ),
        ),
        (
            ("p.json", "--except", "ada@vendor.com"),
            23,
            (
                "lastseen apply p.json --except ada@vendor.com --limit 20 --max-disable 20",
                "lastseen apply p.json --except ada@vendor.com --limit 23 --max-disable 23",
            ),
        ),
    ],
)
def test_the_remedy_has_commands_that_can_be_typed(arguments, limit, commands):
    with pytest.raises(GuardrailStopped) as stopped:
        check_guardrails(people(23), plan=roster_of(100), allowed=allowed(max_disable=20))
    part, everyone = commands
    by_name = "" if "--except" in arguments else ", or with `--only WHO` instead of `--limit`"
    assert stopped.value.naming(*arguments, limit=limit).remedy == (
        f"check the plan; carry out part of it with `{part}`{by_name}; allow all of them with "
        f"`{everyone}`"
    )


def test_one_by_one_is_no_way_around_the_share():
    with pytest.raises(GuardrailStopped):
        check_guardrails(
            people(1), plan=roster_of(3), allowed=allowed(recently=people(1, first=50))
        )


def test_a_person_counted_already_counts_once():
    check_guardrails(people(25), plan=roster_of(100), allowed=allowed(recently=people(25)))


def test_a_run_that_disables_nobody_passes_however_many_were_disabled_lately():
    check_guardrails((), plan=roster_of(4), allowed=allowed(recently=people(4)))


def test_max_disable_takes_the_place_of_both_limits():
    plan = roster_of(100)
    check_guardrails(people(90), plan=plan, allowed=allowed(max_disable=90, recently=people(100)))
    with pytest.raises(GuardrailStopped, match="--max-disable allows 90 people"):
        check_guardrails(people(91), plan=plan, allowed=allowed(max_disable=90))


@pytest.mark.parametrize(
    ("fields", "after_days", "counts"),
    [
        ({}, 7, True),
        ({}, 7.01, False),
        ({"outcome": OutcomeKind.REINSTATED}, 1, False),
        ({"approved": True}, 1, False),
    ],
)
def test_counted_are_disablings_of_the_last_days_neither_undone_nor_approved(
    fields, after_days, counts
):
    found = allowance(
        Guardrails(per_days=7),
        max_disable=None,
        history=changed(**fields),
        reinstated={},
        now=Instant(START + timedelta(days=after_days)),
    )
    assert found.recently == (people(1) if counts else frozenset())
    assert found.recent_times == ((START,) if counts else ())


def test_a_person_reinstated_by_hand_no_longer_counts():
    found = allowance(
        Guardrails(),
        max_disable=None,
        history=changed(),
        reinstated={UserId("p0"): Instant(START + timedelta(hours=1))},
        now=Instant(START + timedelta(days=1)),
    )
    assert found.recently == frozenset()


def test_the_roster_counts_whoever_is_on_it_and_on_the_portal(portal):
    skipped = [
        Reason.UNKNOWN_GUEST,
        Reason.NOT_ON_PORTAL,
        Reason.NOT_ON_ROSTER,
        Reason.ALREADY_DISABLED,
        Reason.PROTECTED,
    ]
    plan = plan_for(portal, [portal.add(1)], kept=3, skipped=skipped)
    assert people_on_roster(plan) == 6


def test_guests_on_no_roster_never_count_whatever_their_reason(portal):
    population = Population(
        source="csv", query="/a.csv", listed=4, matched=4, portal_total=9, read_at=START, sha256=""
    )
    exempt = [Reason.EXEMPT] * 5
    plan = plan_for(portal, [portal.add(1)], kept=3, skipped=exempt)
    plan = msgspec.structs.replace(plan, population=population)

    assert people_on_roster(plan) == 4
    with pytest.raises(GuardrailStopped, match="disabling 2 people, with 4 people on the roster"):
        check_guardrails(people(2), plan=plan, allowed=allowed())
