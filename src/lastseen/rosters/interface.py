"""What every roster does, and the options by which one is chosen.

A roster says who the contractors are, in its own words. It does not look them up on the portal
(`matching` does) and decides nothing about them.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import msgspec

from lastseen.docspace.interface import Portal
from lastseen.model.contractor import Contractor, Profile


class RosterOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The `[roster]` table: where contractors come from. Each source reads only what is its own."""

    source: str = "guests"
    """The name of the source, Lastseen's own or one that another package brings."""
    reconcile: bool = True
    """Whether a review also lists the portal's guests that are on no row of an outside roster."""
    path: Path | None = None
    """csv, xlsx: the file."""
    sheet: str | None = None
    """xlsx: the sheet's name; None: the only visible one."""
    groups: tuple[str, ...] = ()
    """guests: ids of groups; only members of at least one of them. Empty: whatever their group."""
    email_domains: tuple[str, ...] = ()
    """guests: only addresses in these domains. Empty: any domain."""
    inviters: tuple[str, ...] = ()
    """guests: only those invited by one of these people, named by id or e-mail address."""
    exclude_email_domains: tuple[str, ...] = ()
    """guests: nobody whose address is in one of these domains."""
    columns: Mapping[str, str] = {}
    """csv, xlsx, sql: what the source calls the columns; http, scim: dotted paths to the values.
    An empty name means that the source has none."""
    url: str | None = None
    """sql, http, scim: where the source is. May name a secret, and is never shown whole."""
    query: str | None = None
    """sql: one SELECT that brings the rows."""
    rows: str | None = None
    """http: dotted path to the list of rows."""
    headers: Mapping[str, str] = {}
    """http, scim: headers to send; a secret is named: `env:NAME`, `file:PATH`, `keyring:NAME`."""
    filter: str | None = None
    """scim: the filter of RFC 7644 to send."""
    options: Mapping[str, Any] = {}
    """Options of a source that another package brings (`[roster.options]`)."""


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """What a roster brought."""

    contractors: tuple[Contractor, ...]
    """Everyone on it, in the roster's order, each once as far as the roster can tell."""
    profiles: tuple[Profile, ...] = ()
    """Accounts read on the way, so that nobody asks for them again; empty for outside rosters."""
    warnings: tuple[str, ...] = ()
    """What a person should know about the source: rows ignored, dates in conflict."""
    portal_guests: int | None = None
    """How many guests the portal has, where the roster listed them all."""
    complete: bool = True
    """Whether every row names somebody who can be found. Where one does not, a guest who is on no
    row may be on that one after all."""


class Roster(Protocol):
    """Where contractors come from."""

    @property
    def name(self) -> str:
        """Which source it is, for messages: `guests`, `csv` or another name."""

    @property
    def outside(self) -> bool:
        """Whether it lies outside the portal: only then can it be reconciled with the guests."""

    @property
    def query(self) -> str:
        """What it is asked for, for messages and the plan's population; no secret."""

    async def load(self, portal: Portal) -> Listing:
        """Return everyone on the roster.

        Only rosters inside the portal ask `portal` anything. Raises UsageError where the options
        or the file can't be used, RosterError where the source refuses, PortalError from the
        portal.
        """
