"""A plan that no review made, but whose digest is right: the digest finds edits, it is no seal.

Whoever can write such a file and have it applied is held by what `apply` sees for itself.
"""

from datetime import timedelta

import pytest

from lastseen.ledger import Reading
from lastseen.model.contractor import AccountStatus, AccountType
from lastseen.model.guardrails import Guardrails, GuardrailStopped
from lastseen.model.instant import Instant
from lastseen.model.receipt import OutcomeKind
from lastseen.model.sighting import EvidenceKind, Sighting
from tests.unit.execution.plans import carry_out, outcomes, plan_for


@pytest.mark.parametrize("kind", [AccountType.OWNER, AccountType.ADMINISTRATOR])
def test_a_forged_plan_disables_no_owner_and_no_administrator(portal, ledger, kind):
    boss, guest = portal.add(1, kind=kind), portal.add(2)

    receipt = carry_out(plan_for(portal, [boss, guest]), portal, ledger)

    assert outcomes(receipt) == {boss: OutcomeKind.SPARED_CHANGED, guest: OutcomeKind.DISABLED}
    assert portal.status(boss) is AccountStatus.ACTIVE


def test_a_forged_plan_disables_nobody_whom_the_ledger_saw_inside_the_window(portal, ledger):
    # given somebody who was seen ten days ago, and a plan that denies it
    ann = portal.add(1)
    now = portal.clock()
    ledger.evidence.keep(
        Reading(
            kind=EvidenceKind.SIGN_IN,
            user_id=None,
            intervals=(),
            sightings=(
                Sighting(
                    user_id=ann,
                    at=Instant(now - timedelta(days=10)),
                    kind=EvidenceKind.SIGN_IN,
                    event_id=1,
                    action_id=1000,
                ),
            ),
            failures=(),
            unrecognised=(),
            events=1,
            proof="",
            read_at=now,
        )
    )

    receipt = carry_out(plan_for(portal, [ann]), portal, ledger)

    assert outcomes(receipt) == {ann: OutcomeKind.SPARED_ACTIVE}


def test_a_forged_plan_cannot_go_beyond_the_guardrail_of_people(portal, ledger):
    # given a plan with a roster made long, so that the share is small
    people = [portal.add(number) for number in range(51)]
    plan = plan_for(portal, people, kept=10_000)

    with pytest.raises(GuardrailStopped):
        carry_out(plan, portal, ledger, guardrails=Guardrails())

    assert portal.changes == []
