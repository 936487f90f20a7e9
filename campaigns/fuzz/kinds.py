"""Which kinds of mutated input there are, and how one part of them is read.

Apart from the command, so that processes of their own can import it.
"""

import logging
from collections.abc import Callable, Iterator

from campaigns.fuzz.answers import wire_findings
from campaigns.fuzz.configurations import configuration_findings
from campaigns.fuzz.databases import sql_findings
from campaigns.fuzz.finding import Finding
from campaigns.fuzz.plans import plan_findings
from campaigns.fuzz.reviews import review_findings
from campaigns.fuzz.rosters import csv_findings, http_findings, scim_findings, xlsx_findings

Findings = Callable[..., Iterator[Finding]]

KINDS: dict[str, tuple[Findings, int]] = {
    "answers": (wire_findings, 5),
    "csv": (csv_findings, 4),
    "xlsx": (xlsx_findings, 1),
    "sql": (sql_findings, 1),
    "http": (http_findings, 2),
    "scim": (scim_findings, 2),
    "configuration": (configuration_findings, 2),
    "plan": (plan_findings, 3),
}
"""What reads mutated inputs of a kind, and its share of all inputs, in twentieths."""

REVIEW = "review"


def shares(inputs: int) -> dict[str, int]:
    """Return how many inputs each kind gets."""
    return {kind: inputs * share // 20 for kind, (_, share) in KINDS.items()}


def found(part: tuple[str, int, int]) -> list[Finding]:
    """Return what must not happen, of one part: its kind, its number of inputs and its seed."""
    kind, number, seed = part
    logging.getLogger("lastseen").setLevel(logging.CRITICAL)
    findings = review_findings if kind == REVIEW else KINDS[kind][0]
    return list(findings(number, seed=seed))
