"""The contract of every roster, and the options that select one.

A roster says who the contractors are, in its own words. It does not look them up on the portal
(`matching` does) and decides nothing about them.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import msgspec

from lastseen.docspace.interface import Portal
from lastseen.model.contractor import Contractor, Profile


class RosterOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The `[roster]` table: where contractors come from. Each source reads only its own options."""

    source: str = "guests"
    """The name of the source, one of Lastseen's own or of another package."""
    reconcile: bool = True
    """Whether a review also lists the portal's guests that are on no row of an outside roster."""
    path: Path | None = None
    """csv, xlsx: the file."""
    sheet: str | None = None
    """xlsx: the sheet's name; None: the only visible one."""
    groups: tuple[str, ...] = ()
    """guests: ids of groups; only members of at least one of them. Empty: any group or none."""
    email_domains: tuple[str, ...] = ()
    """guests: only addresses in these domains. Empty: any domain."""
    inviters: tuple[str, ...] = ()
    """guests: only those invited by one of these people, each an id or an e-mail address."""
    exclude_email_domains: tuple[str, ...] = ()
    """guests: nobody with an address in one of these domains."""
    columns: Mapping[str, str] = {}
    """csv, xlsx, sql: what the source calls the columns; http, scim: dotted paths to the values.
    An empty name means that the source has none."""
    url: str | None = None
    """sql, http, scim: where the source is. May name a secret, and is never shown whole."""
    query: str | None = None
    """sql: one SELECT that returns the rows."""
    rows: str | None = None
    """http: dotted path to the list of rows."""
    headers: Mapping[str, str] = {}
    """http, scim: headers to send; secrets as `env:NAME`, `file:PATH`, `keyring:NAME`."""
    filter: str | None = None
    """scim: the filter of RFC 7644 to send."""
    options: Mapping[str, object] = {}
    """Options of another package's source (`[roster.options]`)."""


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """What a roster returned."""

    contractors: tuple[Contractor, ...]
    """Everyone on it, in the roster's order, each once if the roster can identify duplicates."""
    profiles: tuple[Profile, ...] = ()
    """Accounts that were already read, to save requests; empty for outside rosters."""
    warnings: tuple[str, ...] = ()
    """What a person should know about the source: rows ignored, conflicting dates."""
    portal_guests: int | None = None
    """How many guests the portal has, if the roster listed them all."""
    complete: bool = True
    """Whether every row names somebody who can be found. If one does not, a guest on no row may be
    on that one after all."""


class Roster(Protocol):
    """Where contractors come from."""

    @property
    def name(self) -> str:
        """The source's name, for messages: `guests`, `csv` or another."""

    @property
    def outside(self) -> bool:
        """Whether it lies outside the portal: only then can it be reconciled with the guests."""

    @property
    def query(self) -> str:
        """The query, for messages and the plan's population; contains no secret."""

    async def load(self, portal: Portal) -> Listing:
        """Return everyone on the roster.

        Only rosters inside the portal send requests to `portal`. Raises UsageError if the options
        or the file can't be used, RosterError if the source refuses, PortalError from the portal.
        """
