"""What `lastseen doctor` found out about a portal, a key and a machine.

The doctor makes a `Diagnosis` and the reports show it; nothing here asks the portal or formats.
"""

from typing import Literal

import msgspec

from lastseen.model.instant import Instant

DIAGNOSIS_SCHEMA = "lastseen.diagnosis/1"
"""The name and version of the diagnosis' JSON form."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was checked."""

    name: str
    """What was checked, in a few words."""
    state: Literal["ok", "warning", "problem"]
    """Whether it is in order, worth knowing, or a problem."""
    value: str
    """What was found, in a few words."""
    meaning: str
    """What that means for a review, in one sentence."""
    remedy: str | None = None
    """What to do about it; null if there is nothing to do."""


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was checked, in that order."""

    schema: str = DIAGNOSIS_SCHEMA
    """Name and version of the JSON form."""
    portal: str
    """The portal's address."""
    at: Instant
    """When it was checked."""
    findings: tuple[Finding, ...]
    """One for each check."""
