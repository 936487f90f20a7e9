"""The contract of every roster, and the options that select one.

A roster says who the contractors are, in its own words. It does not look them up on the portal
(`matching` does) and decides nothing about them.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Protocol, get_type_hints

import msgspec

from lastseen.docspace.interface import Portal
from lastseen.model.contractor import Contractor, Profile
from lastseen.model.email_address import domain_pattern
from lastseen.rosters.rows import FIELDS


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """One option of rosters: configuration, template and documentation are made from it."""

    sources: tuple[str, ...] = ()
    """The sources that it applies to; empty: those of other packages."""
    text: str
    """What it means, in one sentence that follows the names of the sources."""
    example: object
    """A value to show where it isn't set."""
    may_hold_secret: bool = False
    """Whether the value may contain a password, so that no message shows it."""
    check: Callable[[Any], Any] | None = None
    """Returns a valid value; raises ValueError for an invalid one."""


def valid_domains(written: tuple[str, ...]) -> tuple[str, ...]:
    """Return `written`; raises ValueError if one of them can't be a domain."""
    for one in written:
        domain_pattern(one)
    return written


def _fields(columns: Mapping[str, str]) -> Mapping[str, str]:
    unknown = sorted(set(columns) - set(FIELDS))
    if unknown:
        raise ValueError(f"names {', '.join(unknown)}; there are only {', '.join(FIELDS)}")
    return columns


class RosterOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The `[roster]` table: where contractors come from. Each source reads only its own options."""

    source: str = "guests"
    """The name of the source, one of Lastseen's own or of another package."""
    reconcile: bool = True
    """Whether a review also lists the portal's guests who are not on the outside roster."""
    path: Annotated[
        Path | None,
        Option(
            sources=("csv", "xlsx"),
            text="the file; a relative path starts in the folder of the configuration file.",
            example="contractors.csv",
        ),
    ] = None
    sheet: Annotated[
        str | None,
        Option(
            sources=("xlsx",),
            text="the sheet's name; not set: the only visible one.",
            example="Contractors",
        ),
    ] = None
    groups: Annotated[
        tuple[str, ...],
        Option(
            sources=("guests",),
            text="only members of at least one of these groups, by id.",
            example=("<id of a group>",),
        ),
    ] = ()
    email_domains: Annotated[
        tuple[str, ...],
        Option(
            sources=("guests",),
            text="only addresses in these domains; `.vendor.com` includes the domains below it.",
            example=("vendor.com",),
            check=valid_domains,
        ),
    ] = ()
    inviters: Annotated[
        tuple[str, ...],
        Option(
            sources=("guests",),
            text="only those invited by one of these people, each an id or an e-mail address.",
            example=("sponsor@example.com",),
        ),
    ] = ()
    exclude_email_domains: Annotated[
        tuple[str, ...],
        Option(
            sources=("guests",),
            text="nobody with an address in one of these domains.",
            example=("example.com",),
            check=valid_domains,
        ),
    ] = ()
    columns: Annotated[
        Mapping[str, str],
        Option(
            sources=("csv", "xlsx", "sql", "http", "scim"),
            text="what the source calls each column; for http and scim, dotted paths to the "
            "values. An empty name means that the source has none.",
            example={"email": "Mail"},
            check=_fields,
        ),
    ] = {}
    url: Annotated[
        str | None,
        Option(
            sources=("sql", "http", "scim"),
            text="the database or service; secrets in it as `env:NAME`, `file:PATH`, "
            "`keyring:NAME`.",
            example="postgresql+psycopg://reader:env:HR_PASSWORD@db.example/hr",
            may_hold_secret=True,
        ),
    ] = None
    query: Annotated[
        str | None,
        Option(
            sources=("sql",),
            text="one SELECT that returns the rows.",
            example="SELECT email, end_date FROM contractors",
            may_hold_secret=True,
        ),
    ] = None
    rows: Annotated[
        str | None,
        Option(
            sources=("http",),
            text="dotted path to the list of rows in the answer.",
            example="data.people",
        ),
    ] = None
    headers: Annotated[
        Mapping[str, str],
        Option(
            sources=("http", "scim"),
            text="headers to send; secrets as `env:NAME`, `file:PATH`, `keyring:NAME`.",
            example={"Authorization": "Bearer env:HR_TOKEN"},
            may_hold_secret=True,
        ),
    ] = {}
    filter: Annotated[
        str | None,
        Option(
            sources=("scim",),
            text="which users, as a SCIM filter (RFC 7644).",
            example='userType eq "Contractor"',
        ),
    ] = None
    options: Annotated[
        Mapping[str, object],
        Option(
            text="Options of another package's source (`[roster.options]`).",
            example={"key": "value"},
        ),
    ] = {}


OPTIONS: Mapping[str, Option] = {
    name: note
    for name, hint in get_type_hints(RosterOptions, include_extras=True).items()
    for note in getattr(hint, "__metadata__", ())
    if isinstance(note, Option)
}
"""What is known about each option that belongs to single sources, by its name."""


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
    """Whether every row names one person who can be found. If not, a guest on no row may be on such
    a row after all."""


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
