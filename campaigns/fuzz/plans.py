"""Mutated plans: as they come, and with a digest that fits.

Only a LastseenError may come out, or exactly the people whom the ledger's own plan disables. With
`--trust-plan-file` nobody may be disabled whom the configured review would not disable.
"""

import json
import random
from collections.abc import Iterator

import msgspec

from campaigns import mutations
from campaigns.fuzz import texts
from campaigns.fuzz.finding import Finding, last_words
from lastseen.ledger import Ledger, PortalLedger
from lastseen.model.canonical_json import NOT_CANONICAL
from lastseen.model.errors import LastseenError
from lastseen.model.guardrails import Guardrails
from lastseen.model.plan import Plan, Policy
from lastseen.model.plan_document import decode_plan, encode_plan, sealed
from lastseen.model.receipt import Receipt
from lastseen.rosters import RosterOptions, open_roster
from lastseen.simulator.server.portal import SimulatedPortal
from lastseen.simulator.world.population import Population, populate
from lastseen.workflows.apply import apply, preview_apply
from lastseen.workflows.apply_options import ApplyOptions
from testing.in_process import URL, InProcess, VirtualTime
from testing.reviews import reviewed

GENEROUS = Guardrails(max_disable=1_000, max_disable_share=1.0)
TRUSTED_ONE_IN = 200
"""One plan in so many is carried out as one from elsewhere, on a portal of its own."""


class Stage:
    """A portal with contractors who are due and contractors who are at work, and a ledger."""

    def __init__(self, seed: int) -> None:
        """Populate it, and review it once."""
        self.time = VirtualTime(1_780_000_000)
        scenario = populate(
            self.time.portal_clock(), Population(contractors=12, staff=3, days=120, seed=seed)
        )
        self.portal = SimulatedPortal(scenario, clock=self.time.portal_clock)
        self.ledger = Ledger.in_memory(clock=self.time.machine_clock)
        self.chance = random.Random(seed)
        self.plan = reviewed(self._transport(), self.known)

    @property
    def known(self) -> PortalLedger:
        """What the ledger keeps of the portal."""
        return self.ledger.portal(URL)

    def due(self) -> set[str]:
        """Return the ids of those whom the ledger's plan disables."""
        return {str(one.user_id) for one in self.plan.to_disable()}

    def changed(self, plan: Plan) -> set[str]:
        """Apply a plan from elsewhere; return the ids of those who were disabled."""
        with Ledger.in_memory(clock=self.time.machine_clock) as ledger:
            receipt = self._applied(plan, ledger.portal(URL))
        return {one.user_id for one in receipt.outcomes if one.outcome.value == "disabled"}

    def _applied(self, plan: Plan, known: PortalLedger) -> Receipt:
        return self._transport().run(
            lambda client: apply(
                plan,
                client,
                ledger=known,
                options=ApplyOptions(guardrails=GENEROUS, trust_plan_file=True),
                clock=self.time.machine_clock,
                roster=open_roster(RosterOptions()),
                policy=Policy(),
            )
        )

    def _transport(self) -> InProcess:
        return InProcess(self.portal, self.time, chance=self.chance)


def plan_findings(number: int, *, seed: int) -> Iterator[Finding]:
    """Carry out so many mutated plans as far as the question; yield what must not happen."""
    chance = random.Random(f"plans {seed}")
    stage = Stage(seed)
    body = encode_plan(stage.plan)
    compact = msgspec.json.encode(stage.plan)
    for round_ in range(number):
        mutation, changed = _mutated(chance.choice((body, compact)), chance)
        if chance.random() < 0.5:
            changed, mutation = _resealed(changed), f"{mutation}, digest made to fit"
        text = _trouble(stage, changed)
        if text is None and round_ % TRUSTED_ONE_IN == 0:
            text = _trusted(Stage(seed + round_), chance)
        if text is not None:
            yield Finding(where="plan", mutation=mutation, text=text, body=changed)


def _mutated(body: bytes, chance: random.Random) -> tuple[str, bytes]:
    if chance.random() < 0.5:
        return texts.mutated(body, chance)
    if chance.random() < 0.5:
        return mutations.mutated(body, chance)
    return _forged(body, chance)


def _forged(body: bytes, chance: random.Random) -> tuple[str, bytes]:
    """Change what a forger would: whom it disables, why, under which rules, when."""
    plan = json.loads(body)
    one = chance.choice(plan["decisions"])
    change = chance.choice(("verdict", "reason", "person", "policy", "time", "id", "portal"))
    match change:
        case "verdict":
            one["decision"] = "disable"
        case "reason":
            one.update(decision="disable", reason="contract-ended")
        case "person":
            one.update(decision="disable", user_id=chance.choice(plan["decisions"])["user_id"])
        case "policy":
            plan["policy"]["inactive_days"] = chance.choice((0, -1, -3000, 1, 10**9, 2**70))
        case "time":
            plan["now"] = plan["created_at"] = chance.choice(
                ("2026-05-28T20:26:40Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "now")
            )
        case "id":
            plan["plan_id"] = chance.choice(("", "x" * 5_000, "\u0000", plan["plan_id"][:-1]))
        case _:
            plan["portal"] = chance.choice(("https://portal.example:99999", "//", "https://[", ""))
    return f"forged {change}", json.dumps(plan).encode()


def _resealed(body: bytes) -> bytes:
    """Return the plan with a digest that fits, where it has got the form of a plan."""
    try:
        plan = msgspec.json.decode(body, type=Plan)
        return encode_plan(sealed(plan))
    except (msgspec.DecodeError, ValueError, OverflowError, RecursionError, *NOT_CANONICAL):
        return body


def _trouble(stage: Stage, body: bytes) -> str | None:
    try:
        plan = decode_plan(body, source="plan.json")
        preview = preview_apply(
            plan,
            ledger=stage.known,
            options=ApplyOptions(guardrails=GENEROUS),
            now=stage.time.machine_clock(),
        )
    except LastseenError:
        return None
    except Exception:  # noqa: BLE001 - anything else is what is looked for
        return last_words()
    if {str(one.user_id) for one in preview.to_disable} != stage.due():
        return "other people would be disabled than the ledger's plan disables"
    return None


def _trusted(stage: Stage, chance: random.Random) -> str | None:
    """Apply a forged plan that is trusted; say whom it disabled wrongly."""
    _, body = _forged(encode_plan(stage.plan), chance)
    for _ in range(chance.choice((0, 3, 8))):
        _, body = _forged(body, chance)
    try:
        plan = decode_plan(_resealed(body), source="plan.json")
        wrong = stage.changed(plan) - stage.due()
    except LastseenError:
        return None
    except Exception:  # noqa: BLE001 - anything else is what is looked for
        return last_words()
    return f"a trusted plan disabled {', '.join(sorted(wrong))}" if wrong else None
