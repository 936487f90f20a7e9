"""Plans, receipts and people to show, with a seed so that they are the same every time."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from lastseen.model.decision import Decision, Reason, SeenBy, Verdict
from lastseen.model.instant import Instant
from lastseen.model.plan import EvidenceSummary, Plan, Policy, Population, summarise
from lastseen.model.plan_document import sealed
from lastseen.model.receipt import Outcome, OutcomeKind, Receipt, summarise_outcomes

NOW = Instant(datetime(2026, 11, 25, 10, 30, tzinfo=UTC))
PORTAL = "https://northwind.onlyoffice.com"
POPULATION = Population(
    source="csv",
    query="contractors.csv",
    listed=153,
    matched=150,
    portal_total=160,
    read_at=NOW,
    sha256="ab" * 32,
)

HOSTILE = (
    "\x1b[31mred\x1b[0m",
    "[red]markup[/red] [link=https://evil.example]x[/link]",
    "\u202egnp.exe\u202c",
    "line one\r\nline two\tand a tab",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    '=HYPERLINK("https://evil.example","x")',
    "Zalgo" + "\u0301" * 200,
    "\x00\x07\x08\x7f\x9b31m",
    ":smile: \u200bzero\u200bwidth",
    "blank \u3164\u2800\uffa0 fillers",
    "x" * 5000,
)

_FIRST = (
    "Anna Tomás Ines Yusuf Mei Piotr Zoë Lars Olena Rahul Siobhán Noor Kwame Lucía Jürgen "
    "Aiko Dmitri Fatima Émile Hana"
).split()
_LAST = (
    "Kowalska Ferreira Lindqvist Okafor Zhang Nowak Müller Haddad Petrenko Iyer O'Brien "
    "Castellanos-Villanueva Mensah Ruiz Brandt Tanaka Volkov Rossi Dubois Novotná"
).split()
_AGENCIES = ("brightpath.example", "studio-nord.example", "keystone-consulting.example")
_SPONSORS = ("t.berger@northwind.example", "Dana Whitfield", None, "ops@northwind.example")


def days_ago(count: float) -> Instant:
    return Instant(NOW - timedelta(days=count))


def decision(**fields) -> Decision:
    """One decision; whoever wants another field says so."""
    standard: dict[str, Any] = {
        "user_id": "2f1c9a7e-0000-4000-8000-000000000001",
        "email": "anna.kowalska@brightpath.example",
        "display_name": "Anna Kowalska",
        "decision": Verdict.DISABLE,
        "reason": Reason.INACTIVE,
        "explanation": "Not seen for 41 days; the policy disables at 30.",
        "last_seen_at": days_ago(fields.get("idle_days") or 41),
        "last_seen_by": SeenBy.SIGN_IN,
        "idle_days": 41,
        "failed_sign_ins": 0,
        "sponsor": None,
    }
    return Decision(**(standard | fields))


def plan_of(*decisions: Decision, **fields) -> Plan:
    """A sealed plan of these decisions; whoever wants another field says so."""
    standard: dict[str, Any] = {
        "plan_id": "r-7k2m9q4d",
        "portal": PORTAL,
        "created_at": NOW,
        "now": NOW,
        "policy": Policy(),
        "evidence": EvidenceSummary(
            complete=True,
            covered_since=days_ago(180),
            filters="after-window",
            retention_days=180,
            requests=123,
            events=4567,
        ),
        "decisions": decisions,
        "summary": summarise(decisions),
    }
    return sealed(Plan(**(standard | fields)))


def roster_of(count: int, *, seed: int = 7) -> tuple[Decision, ...]:
    """That many people with every kind of decision among them."""
    chance = random.Random(seed)
    return tuple(_somebody(number, chance) for number in range(count))


def incomplete_evidence() -> EvidenceSummary:
    return EvidenceSummary(
        complete=False,
        covered_since=days_ago(7),
        filters="before-window",
        retention_days=7,
        requests=41,
        events=812,
    )


def hostile_plan() -> Plan:
    """Everyone's name, address, sponsor and explanation is an attack."""
    return plan_of(
        *(
            decision(
                display_name=text,
                email=text,
                sponsor=text,
                explanation=text,
                decision=verdict,
                reason=Reason.INACTIVE if verdict is Verdict.DISABLE else Reason.EXEMPT,
            )
            for text in HOSTILE
            for verdict in (Verdict.DISABLE, Verdict.HOLD, Verdict.KEEP, Verdict.SKIP)
        )
    )


def receipt_of(*outcomes: Outcome, **fields) -> Receipt:
    """A receipt of these outcomes; whoever wants another field says so."""
    standard: dict[str, Any] = {
        "run_id": "a-5x8w2p1c",
        "plan_id": "r-7k2m9q4d",
        "started_at": NOW,
        "finished_at": Instant(NOW + timedelta(seconds=14)),
        "outcomes": outcomes,
        "summary": summarise_outcomes(outcomes),
        "journal_head": "9f" * 32,
    }
    return Receipt(**(standard | fields))


def outcome(kind: OutcomeKind = OutcomeKind.DISABLED, **fields) -> Outcome:
    """One outcome; whoever wants another field says so."""
    standard: dict[str, Any] = {
        "user_id": "2f1c9a7e-0000-4000-8000-000000000001",
        "email": "anna.kowalska@brightpath.example",
        "outcome": kind,
        "verified": kind in (OutcomeKind.DISABLED, OutcomeKind.REINSTATED),
        "error": None,
    }
    return Outcome(**(standard | fields))


def _somebody(number: int, chance: random.Random) -> Decision:
    first, last = chance.choice(_FIRST), chance.choice(_LAST)
    mail = f"{first}.{last}".lower().replace("'", "")
    common: dict[str, Any] = {
        "user_id": f"2f1c9a7e-0000-4000-8000-{number:012d}",
        "email": f"{mail}{number}@{chance.choice(_AGENCIES)}",
        "display_name": f"{first} {last}",
        "sponsor": chance.choice(_SPONSORS),
        "failed_sign_ins": chance.choice((0, 0, 0, 0, 0, 0, 3, 17)),
    }
    draw = chance.random()
    by = chance.choice((SeenBy.SIGN_IN, SeenBy.ACTIVITY))
    if draw < 0.66:
        idle = min(29, int(chance.expovariate(1 / 4)))
        return decision(
            **common,
            decision=Verdict.KEEP,
            reason=Reason.ACTIVE,
            idle_days=idle,
            last_seen_at=days_ago(idle + 0.3),
            last_seen_by=by,
            explanation=f"Seen {idle} days ago by {by.value}, inside the 30 days.",
        )
    if draw < 0.82:
        idle = 30 + min(149, int(chance.expovariate(1 / 40)))
        return decision(
            **common,
            idle_days=idle,
            last_seen_at=days_ago(idle + 0.2),
            last_seen_by=by,
            explanation=f"Not seen for {idle} days; the policy disables at 30.",
        )
    if draw < 0.87:
        idle = chance.randint(31, 700)
        return decision(
            **common,
            reason=Reason.NEVER_SEEN,
            idle_days=idle,
            last_seen_at=days_ago(idle),
            last_seen_by=SeenBy.REGISTRATION,
            explanation=f"Never seen since the registration {idle} days ago.",
        )
    if draw < 0.92:
        return decision(
            **common,
            decision=Verdict.HOLD,
            reason=Reason.UNRECOGNISED_EVENT,
            idle_days=chance.randint(30, 90),
            last_seen_at=days_ago(50),
            last_seen_by=by,
            explanation="The newest sign-in event has the unknown number 1031: neither presence "
            "nor absence.",
        )
    if draw < 0.95:
        return decision(
            **common,
            decision=Verdict.HOLD,
            reason=Reason.EVIDENCE_INCOMPLETE,
            idle_days=None,
            last_seen_at=None,
            last_seen_by=None,
            explanation="Not seen, but the log is known for 7 of the 30 days only.",
        )
    if draw < 0.97:
        return decision(
            **common,
            decision=Verdict.KEEP,
            reason=Reason.EXEMPT,
            idle_days=61,
            last_seen_at=days_ago(61),
            last_seen_by=by,
            explanation="Exempt until 2026-12-31: parental leave.",
        )
    return decision(
        **common,
        decision=Verdict.SKIP,
        idle_days=None,
        last_seen_at=None,
        last_seen_by=None,
        reason=chance.choice((Reason.ALREADY_DISABLED, Reason.NOT_ON_PORTAL, Reason.PROTECTED)),
        explanation="Nothing to do.",
    )
