"""Settings as a `lastseen.toml` that explains itself, for `lastseen init`.

Text only; `load` reads it back. The API key is never in it.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import wrap

from lastseen.config.settings import Settings
from lastseen.model.plan import Cohort
from lastseen.rosters.interface import OPTIONS, Option, RosterOptions

_COMMENT_WIDTH = 96
_TEMPLATE = """\
# The configuration of Lastseen. Environment variables override this file:
# LASTSEEN_POLICY__INACTIVE_DAYS=45 overrides inactive_days under [policy].
#
# The API key does not belong in here. Set LASTSEEN_API_KEY, name a file that only you can read
# below or as LASTSEEN_API_KEY_FILE; or let `lastseen init` keep the key in the keyring, if this
# machine has one.

[portal]
# The portal's address; https:// only, except for this machine.
url = {url}
# The status that disables an account, by name or by number: "Terminated" or 2.
disabled_status = {disabled_status}
# A file with the API key. Not set: LASTSEEN_API_KEY, LASTSEEN_API_KEY_FILE or the keyring.
{api_key_file}

[roster]
# Where contractors come from: "guests" (the portal's guests), or from
# outside: "csv" or "xlsx" (a file), "sql" (a database), "http" or "scim" (a service).
source = {source}
# For a roster outside the portal: also list the portal's guests who are not on it.
reconcile = {reconcile}
{options}

[policy]
# Disable anyone last seen at least this many days (24 hours each) ago.
inactive_days = {inactive_days}
# How far back to look for last-seen dates; not less than inactive_days.
lookback_days = {lookback_days}
# People never seen: "grace" (count from registration), "disable" or "keep".
never_seen = {never_seen}
# The logs that prove presence. Sign-ins alone miss people who stay signed in, for up to 181 days.
evidence = {evidence}
# Contractors who may still be signed in: "report" (disable and mark them), "sign-out" or "hold".
open_sessions = {open_sessions}
# How many days people who were signed out have to sign in again. Not set: as inactive_days.
{return_days}
# Keep anyone reinstated for this many days, whatever the logs say.
reinstated_grace_days = {reinstated_grace_days}
# End invitations that nobody accepted after this many days.
pending_days = {pending_days}
# People whose end date on the roster has passed: "disable" or "report".
contract_end = {contract_end}
# Guests of the portal who are on no outside roster: "report" or "disable".
unknown_guests = {unknown_guests}
{cohorts}

[guardrails]
# A run that would disable more people than this, or a larger share of the roster, is stopped
# before it changes anything.
max_disable = {max_disable}
max_disable_share = {max_disable_share}
# An outside roster that lost a larger share of its people stops the run.
max_roster_shrink = {max_roster_shrink}
# Both limits count the people disabled over this many days.
per_days = {per_days}
# A plan can be applied for this many hours after its review.
max_plan_age_hours = {max_plan_age_hours}
# An exemption ends at most this many days from now.
max_exemption_days = {max_exemption_days}
# A log without any entry for more days than this has probably stopped: everyone is held.
log_silence_days = {log_silence_days}

[ledger]
# Where sightings, runs and the journal are kept. Not set: a file in your data folder.
{ledger}
"""


def configuration_text(settings: Settings) -> str:
    """Return a TOML file with every key, its value and what it means.

    Keys that aren't set become comments with an example. A relative `roster.path` is written as
    it is: it is resolved against the file's folder when it is read.
    """
    policy, guardrails = settings.policy, settings.guardrails
    ledger_url = settings.ledger_url
    return _TEMPLATE.format(
        url=_toml(settings.portal.url),
        disabled_status=_toml(settings.portal.disabled_status),
        api_key_file=_or_example("api_key_file", settings.portal.api_key_file, "/etc/lastseen/key"),
        source=_toml(settings.roster.source),
        reconcile=_toml(settings.roster.reconcile),
        options=_roster_options(settings.roster),
        inactive_days=_toml(policy.inactive_days),
        lookback_days=_toml(policy.lookback_days),
        never_seen=_toml(policy.never_seen),
        evidence=_toml(policy.evidence),
        open_sessions=_toml(policy.open_sessions),
        return_days=_or_example("return_days", policy.return_days, policy.inactive_days),
        reinstated_grace_days=_toml(policy.reinstated_grace_days),
        pending_days=_toml(policy.pending_days),
        contract_end=_toml(policy.contract_end),
        unknown_guests=_toml(policy.unknown_guests),
        cohorts=_cohorts(policy.cohorts),
        max_disable=_toml(guardrails.max_disable),
        max_disable_share=_toml(guardrails.max_disable_share),
        max_roster_shrink=_toml(guardrails.max_roster_shrink),
        per_days=_toml(guardrails.per_days),
        max_plan_age_hours=_toml(guardrails.max_plan_age_hours),
        max_exemption_days=_toml(guardrails.max_exemption_days),
        log_silence_days=_toml(guardrails.log_silence_days),
        ledger=f"url = {_toml(ledger_url)}" if ledger_url else '# url = "sqlite:////path/to/file"',
    )


def _or_example(name: str, value: object, example: object) -> str:
    return f"{name} = {_toml(value)}" if value is not None else f"# {name} = {_toml(example)}"


_COHORT_EXAMPLE = """
# Rules for groups of people; the first that matches applies.
# [[policy.for]]
# name = "auditors"
# email_domains = ["audit.example"]
# inactive_days = 100"""


def _cohorts(cohorts: Sequence[Cohort]) -> str:
    """Return the tables of the cohorts, or an example if there are none."""
    unset = Cohort(name="")
    lines: list[str] = []
    for cohort in cohorts:
        lines += ["", "[[policy.for]]"]
        for key in Cohort.__struct_fields__:
            value = getattr(cohort, key)
            if value != getattr(unset, key):
                lines.append(f"{key} = {_toml(value)}")
    return "\n".join(lines) or _COHORT_EXAMPLE


def _roster_options(roster: RosterOptions) -> str:
    """Return the keys that belong to single sources; tables come last, as TOML requires."""
    keys: list[str] = []
    tables: list[str] = []
    for name, option in OPTIONS.items():
        value = getattr(roster, name)
        comment = "".join(f"# {line}\n" for line in _comment(option)).rstrip()
        lines = _assigned(name, value or option.example)
        is_table = isinstance(option.example, Mapping)
        part = tables if is_table else keys
        part.extend(["", comment] if part is tables else [comment])
        part.extend(lines if value else [f"# {line}" for line in lines])
    return "\n".join([*keys, *tables])


def _comment(option: Option) -> list[str]:
    sources = ", ".join(option.sources)
    return wrap(f"{sources}: {option.text}" if sources else option.text, _COMMENT_WIDTH)


def _assigned(name: str, value: object) -> list[str]:
    if isinstance(value, Mapping):
        pairs = [f"{_toml(key)} = {_toml(below)}" for key, below in value.items()]
        return [f"[roster.{name}]", *pairs]
    return [f"{name} = {_toml(value)}"]


def _toml(value: object) -> str:
    """Return `value` as TOML writes it."""
    import tomlkit  # only `init` writes a configuration

    if isinstance(value, Path):
        value = str(value)
    if isinstance(value, tuple):
        value = list(value)
    return tomlkit.item(value).as_string()
