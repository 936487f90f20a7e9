"""What the configuration may contain: every table, every key, and what its value must be.

The only module that knows pydantic. `problems` describes what is wrong; `load` reads the values.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_type_hints

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    create_model,
    model_validator,
)

from lastseen.config.problems import Known, Problems
from lastseen.config.settings import PortalSettings, Settings
from lastseen.model.errors import UsageError
from lastseen.model.guardrails import Guardrails
from lastseen.model.plan import Cohort, ContractEnd, NeverSeen, OpenSessions, Policy
from lastseen.model.portal_address import portal_address
from lastseen.regular_file import in_home
from lastseen.rosters.cells import portal_id
from lastseen.rosters.interface import OPTIONS, RosterOptions, valid_domains
from lastseen.rosters.sources import SOURCES, known_sources

_PREFIX, _DELIMITER = "lastseen_", "__"
"""The beginning of the variables that set a key, and the separator of table and key."""

CENTURY = 36500
"""More days than anything here can mean; beyond it arithmetic with times would fail."""


def checked(tables: dict[str, Any], environ: Mapping[str, str], *, path: Path | None) -> Settings:
    """Return the settings that the file's `tables` and the environment make together.

    `path` is the file, None if there is none. Raises UsageError with every problem.
    """
    environment = _environment(environ)
    _anchor_paths(tables, path)
    problems = Problems(
        known=_known(),
        unshown=_UNSHOWN,
        cohort_keys=tuple(_Cohort.model_fields),
        path=path,
        environment=environment,
    )
    problems.note_stray_variables(environ)
    try:
        configuration = _Configuration.model_validate(_joined(tables, environment))
    except ValidationError as error:
        problems.note(error.errors(include_url=False))
        raise problems.as_error() from None
    if problems:
        raise problems.as_error()
    return _settings(configuration)


def _whole_number(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("must be a whole number")
    return value


def _number(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("must be a number")
    return value


def _split(value: object) -> object:
    """Accept text for a list in JSON, or separated by commas."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        return _json(value)
    parts = [part.strip() for part in value.split(",") if part.strip()]
    if not parts and value.strip():
        # As from variables that aren't set; most lists mean everybody when they are empty.
        raise ValueError("names nothing between its commas; leave it out, or write []")
    return parts


def _json(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        raise ValueError("is neither a table nor a list, nor JSON for one") from None


def _unset_if_empty(value: object) -> object:
    """Accept an empty text for a key that isn't set."""
    return None if isinstance(value, str) and not value.strip() else value


def _home(path: Path | None) -> Path | None:
    return in_home(path) if path else None


def _address(text: str) -> str:
    """Return a portal's address in the form in which the ledger keeps it."""
    try:
        return portal_address(text)
    except UsageError as error:
        # Only this text never repeats what was written, which may be a key.
        raise ValueError(f"can't be used: {error.remedy}".rstrip(".")) from None


def _status(value: object) -> object:
    """Accept the name or the number of the one status by which a portal disables."""
    text = "" if isinstance(value, bool) else str(value).strip().casefold()
    if text == "2":
        return 2
    if text == "terminated":
        return "Terminated"
    raise ValueError("must be Terminated or 2: no other status disables an account")


def _source(name: str) -> str:
    # Asking which packages provide sources reads every package's list of entry points.
    if name not in SOURCES and name not in known_sources():
        raise ValueError(f"must be one of {', '.join(known_sources())}")
    return name


def _groups(written: tuple[str, ...]) -> tuple[str, ...]:
    for one in written:
        if portal_id(one) is None:
            raise ValueError(f"holds {one!r}, which is not the id of a group")
    return written


def _with_sign_ins(kinds: tuple[str, ...]) -> tuple[str, ...]:
    if "sign-in" not in kinds:
        raise ValueError("must include sign-in: a sign-in alone is presence")
    return tuple(dict.fromkeys(kinds))


def _database(url: str | None) -> str | None:
    if url is not None and "://" not in url:
        raise ValueError("must be the URL of a database, as sqlite:////var/lib/lastseen.db is")
    # Without a name PostgreSQL is asked at its local socket.
    if url is not None and re.fullmatch(r"sqlite(\+\w+)?:/{3,}", url):
        raise ValueError("names no file, as sqlite:////var/lib/lastseen.db does")
    return url


_Days = Annotated[int, BeforeValidator(_whole_number), Field(ge=1, le=CENTURY)]
_Count = Annotated[int, BeforeValidator(_whole_number), Field(ge=0)]
_Share = Annotated[float, BeforeValidator(_number), Field(ge=0, le=1)]
_Hours = Annotated[float, BeforeValidator(_number), Field(gt=0, le=CENTURY * 24)]
_Word = Annotated[str, Field(min_length=1)]
_Texts = Annotated[tuple[_Word, ...], BeforeValidator(_split)]
_Domains = Annotated[_Texts, AfterValidator(valid_domains)]
_Groups = Annotated[_Texts, AfterValidator(_groups)]
_Text = Annotated[str | None, BeforeValidator(_unset_if_empty)]
_File = Annotated[Path | None, BeforeValidator(_unset_if_empty), AfterValidator(_home)]
_Named = Annotated[dict[str, str], BeforeValidator(_json)]
_Kinds = Annotated[
    tuple[Literal["sign-in", "activity"], ...],
    BeforeValidator(_split),
    AfterValidator(_with_sign_ins),
]


_PORTAL = PortalSettings(url="")
_ROSTER, _POLICY, _GUARDRAILS = RosterOptions(), Policy(), Guardrails()
"""The defaults come from the model; here they are only repeated."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Portal(_Table):
    url: Annotated[str, AfterValidator(_address)]
    disabled_status: Annotated[Literal["Terminated", 2], BeforeValidator(_status)] = (
        _PORTAL.disabled_status
    )
    api_key_file: _File = None


class _AnyRoster(_Table):
    source: Annotated[str, AfterValidator(_source)] = _ROSTER.source
    reconcile: bool = _ROSTER.reconcile


_BY_TYPE: Mapping[object, Any] = {
    Path | None: _File,
    str | None: _Text,
    tuple[str, ...]: _Texts,
    Mapping[str, str]: _Named,
    Mapping[str, object]: Annotated[dict[str, Any], BeforeValidator(_json)],
}
"""How a value of each type is read that an option of a roster may have."""


def _roster_fields() -> dict[str, Any]:
    """Return the keys of `[roster]` that belong to single sources, with their defaults."""
    types = get_type_hints(RosterOptions)
    fields: dict[str, Any] = {}
    for name, option in OPTIONS.items():
        value = _BY_TYPE[types[name]]
        checked_value = Annotated[value, AfterValidator(option.check)] if option.check else value
        fields[name] = (checked_value, getattr(_ROSTER, name))
    return fields


if TYPE_CHECKING:
    _Roster = _AnyRoster
else:
    _Roster = create_model("_Roster", __base__=_AnyRoster, **_roster_fields())


_UNSHOWN = {
    ("portal", "url"),
    ("ledger", "url"),
    *(("roster", name) for name, option in OPTIONS.items() if option.may_hold_secret),
}
"""Keys whose values may contain a password or a key."""


class _Cohort(_Table):
    name: _Word
    email_domains: _Domains = ()
    groups: _Groups = ()
    sponsors: _Texts = ()
    kind: _Text = None
    inactive_days: _Days | None = None
    never_seen: NeverSeen | None = None
    open_sessions: OpenSessions | None = None
    return_days: _Days | None = None
    pending_days: _Days | None = None
    contract_end: ContractEnd | None = None

    @model_validator(mode="after")
    def _name_somebody(self) -> "_Cohort":
        if not (self.email_domains or self.groups or self.sponsors or self.kind):
            raise ValueError(
                f"the cohort {self.name!r} has no condition: give it email_domains, groups, "
                "sponsors or kind"
            )
        return self


class _Policy(_Table):
    inactive_days: _Days = _POLICY.inactive_days
    lookback_days: _Days = _POLICY.lookback_days
    never_seen: NeverSeen = _POLICY.never_seen
    evidence: _Kinds = _POLICY.evidence
    open_sessions: OpenSessions = _POLICY.open_sessions
    return_days: _Days | None = _POLICY.return_days
    reinstated_grace_days: Annotated[_Count, Field(le=CENTURY)] = _POLICY.reinstated_grace_days
    pending_days: _Days = _POLICY.pending_days
    contract_end: ContractEnd = _POLICY.contract_end
    unknown_guests: Literal["report", "disable"] = _POLICY.unknown_guests
    cohorts: Annotated[tuple[_Cohort, ...], BeforeValidator(_json), Field(alias="for")] = ()

    @model_validator(mode="after")
    def _name_cohorts_differently(self) -> "_Policy":
        names = [cohort.name for cohort in self.cohorts]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"several cohorts are called {', '.join(twice)}")
        return self

    @model_validator(mode="after")
    def _look_back_far_enough(self) -> "_Policy":
        if "lookback_days" in self.model_fields_set and self.lookback_days < self.inactive_days:
            raise ValueError(
                f"lookback_days = {self.lookback_days} must not be less than "
                f"inactive_days = {self.inactive_days}"
            )
        return self


class _Guardrails(_Table):
    max_disable: _Count = _GUARDRAILS.max_disable
    max_disable_share: _Share = _GUARDRAILS.max_disable_share
    max_roster_shrink: _Share = _GUARDRAILS.max_roster_shrink
    per_days: _Days = _GUARDRAILS.per_days
    max_plan_age_hours: _Hours = _GUARDRAILS.max_plan_age_hours
    max_exemption_days: _Days = _GUARDRAILS.max_exemption_days
    log_silence_days: _Days = _GUARDRAILS.log_silence_days


class _Ledger(_Table):
    url: Annotated[_Text, AfterValidator(_database)] = None


class _Configuration(_Table):
    """The tables of the file; the environment is merged into them before."""

    portal: _Portal
    roster: _Roster = _Roster()
    policy: _Policy = _Policy()
    guardrails: _Guardrails = _Guardrails()
    ledger: _Ledger = _Ledger()


def _environment(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return what the variables `LASTSEEN_<TABLE>__<KEY>` set, as tables.

    Their case doesn't matter, and an empty one counts as not set. A value stays text; one for a
    whole table goes before those for its keys, to be refused.
    """
    tables: dict[str, Any] = {}
    for name, value in environ.items():
        table, *keys = name.lower().removeprefix(_PREFIX).split(_DELIMITER)
        if value and name.lower().startswith(_PREFIX) and table in _Configuration.model_fields:
            if not keys:
                tables[table] = value
                continue
            within = tables.setdefault(table, {})
            for key in keys[:-1]:
                within = within.setdefault(key, {}) if isinstance(within, dict) else None
            if isinstance(within, dict):
                within[keys[-1]] = value
    return tables


def _anchor_paths(tables: dict[str, Any], path: Path | None) -> None:
    """Resolve relative paths in the file against the file's folder."""
    if path is None:
        return
    for name, key in (("roster", "path"), ("portal", "api_key_file")):
        table = tables.get(name)
        written = table.get(key) if isinstance(table, dict) else None
        if isinstance(table, dict) and isinstance(written, str) and written.strip():
            table[key] = written if written.startswith("~") else str(path.parent / written)


def _joined(tables: Mapping[str, Any], environment: Mapping[str, Any]) -> dict[str, Any]:
    """Return `tables` with the values that the environment overrides, table by table."""
    joined = dict(tables)
    for key, value in environment.items():
        below = joined.get(key)
        if isinstance(value, dict) and isinstance(below, dict):
            joined[key] = _joined(below, value)
        else:
            joined[key] = value
    return joined


def _known() -> Known:
    """Return every table and its keys."""
    return {
        name: tuple(
            key.alias or written
            for written, key in field.annotation.model_fields.items()  # type: ignore[union-attr]
        )
        for name, field in _Configuration.model_fields.items()
    }


def _settings(configuration: _Configuration) -> Settings:
    policy = configuration.policy.model_dump()
    cohorts = tuple(Cohort(**cohort) for cohort in policy.pop("cohorts"))
    longest = max(policy["inactive_days"], *(cohort.inactive_days or 0 for cohort in cohorts), 0)
    policy["lookback_days"] = max(policy["lookback_days"], longest)
    return Settings(
        portal=PortalSettings(**configuration.portal.model_dump()),
        roster=RosterOptions(**configuration.roster.model_dump()),
        policy=Policy(**policy, cohorts=cohorts),
        guardrails=Guardrails(**configuration.guardrails.model_dump()),
        ledger_url=configuration.ledger.url,
    )
