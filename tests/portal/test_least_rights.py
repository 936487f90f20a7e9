"""How little an API key needs, and that a key which may only read changes nobody."""

import random

import pytest

from lastseen.model.decision import Reason, Verdict
from lastseen.model.errors import KeyLacksRight
from lastseen.model.guardrails import Guardrails
from lastseen.model.plan import Policy
from lastseen.model.receipt import Receipt
from lastseen.rosters import RosterOptions, open_roster
from lastseen.simulator.world.keys import ApiKey
from lastseen.workflows.apply import apply
from lastseen.workflows.apply_options import ApplyOptions
from lastseen.workflows.review import review
from testing.in_process import InProcess
from testing.quiet import QUIET_LOGS
from tests.portal.unhelpful import ADMIN, Built, Watched, ago, ruling


@pytest.fixture
def built() -> Built:
    made = Built()
    made.signs_in(made.guest(), ago(days=40))
    made.staff_noise(150, days=35)
    return made


def opened(built: Built, *scopes: str) -> Watched:
    """Open the portal to a key of its owner's that is limited to `scopes`."""
    return built.open(keys=[ApiKey("sk-limited", ADMIN, frozenset(scopes))])


def carried_out(watched: Watched) -> Receipt:
    async def work() -> Receipt:
        client = InProcess(watched.portal, watched.time, chance=random.Random(1)).client()
        clock = watched.time.machine_clock
        try:
            plan = await review(
                client,
                open_roster(RosterOptions()),
                ledger=watched.ledger,
                policy=Policy(),
                clock=clock,
                log_silence_days=QUIET_LOGS,
            )
            return await apply(
                plan,
                client,
                ledger=watched.ledger,
                options=ApplyOptions(
                    guardrails=Guardrails(max_disable_share=1, log_silence_days=QUIET_LOGS)
                ),
                clock=clock,
            )
        finally:
            await client.close()

    return watched.time.run(work())


def test_a_key_that_may_read_everything_is_enough_for_a_review(built: Built) -> None:
    plan = opened(built, "*:read").review()
    assert ruling(plan, built.people[-1].id) == (Verdict.DISABLE, Reason.INACTIVE)


def test_a_key_that_may_only_read_changes_nobody(built: Built) -> None:
    watched = opened(built, "*:read")
    with pytest.raises(KeyLacksRight, match="limited to") as raised:
        carried_out(watched)
    assert "accounts:write" in raised.value.meaning
    assert watched.portal.puts == []
    assert watched.portal.world.changes == []


def test_reading_everything_and_changing_accounts_is_enough_to_apply(built: Built) -> None:
    assert carried_out(opened(built, "*:read", "accounts:write")).summary == {"disabled": 1}
