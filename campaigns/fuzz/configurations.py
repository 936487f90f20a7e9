"""Mutated configuration files and variables.

Only settings or a LastseenError may come out. Settings must hold what was written: nothing that is
in the file may be passed over, a number must be the one that stands there and within its limits,
an excluded domain must exclude, and the key must go nowhere unencrypted.
"""

import random
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from campaigns.fuzz import texts
from campaigns.fuzz.finding import Finding, last_words
from lastseen.config.load import load_settings
from lastseen.config.settings import Settings
from lastseen.model.email_address import domain_pattern, in_domain
from lastseen.model.errors import LastseenError

FILE = """\
[portal]
url = "https://example.onlyoffice.com"
disabled_status = "Terminated"
api_key_file = "key"

[roster]
source = "guests"
reconcile = true
groups = ["8a8a3b1c-0000-4000-8000-00000000000a"]
email_domains = ["vendor.example", ".partner.example"]
inviters = ["boss@example.com"]
exclude_email_domains = ["audit.example", "@law.example"]

[policy]
inactive_days = 30
lookback_days = 180
never_seen = "grace"
evidence = ["sign-in", "activity"]
open_sessions = "report"
return_days = 30
reinstated_grace_days = 14
pending_days = 30
contract_end = "disable"
unknown_guests = "report"

[[policy.for]]
name = "auditors"
email_domains = ["audit.example"]
inactive_days = 100

[guardrails]
max_disable = 50
max_disable_share = 0.25
max_roster_shrink = 0.5
per_days = 7
max_plan_age_hours = 24
log_silence_days = 7

[ledger]
url = "sqlite:////var/lib/lastseen.db"
"""

VARIABLES = {
    "LASTSEEN_POLICY__INACTIVE_DAYS": "30",
    "LASTSEEN_GUARDRAILS__MAX_DISABLE": "50",
    "LASTSEEN_GUARDRAILS__MAX_DISABLE_SHARE": "0.25",
    "LASTSEEN_ROSTER__EXCLUDE_EMAIL_DOMAINS": "audit.example, law.example",
    "LASTSEEN_ROSTER__GROUPS": '["8a8a3b1c-0000-4000-8000-00000000000a"]',
    "LASTSEEN_PORTAL__URL": "https://example.onlyoffice.com",
    "LASTSEEN_POLICY__FOR": '[{"name": "auditors", "kind": "external", "inactive_days": 9}]',
}

_LISTED = ("exclude_email_domains", "email_domains", "groups", "inviters", "evidence")


def configuration_findings(number: int, *, seed: int) -> Iterator[Finding]:
    """Read so many mutated configurations; yield what must not happen."""
    chance = random.Random(f"configuration {seed}")
    with tempfile.TemporaryDirectory(prefix="lastseen-fuzz-") as folder:
        file = Path(folder, "lastseen.toml")
        for _ in range(number):
            body, environ, mutation = FILE.encode(), dict[str, str](), ""
            if chance.random() < 0.75:
                mutation, body = texts.mutated(body, chance)
            else:
                name = chance.choice(list(VARIABLES))
                mutation, value = texts.mutated(VARIABLES[name].encode(), chance)
                environ[name] = value.decode("utf-8", "surrogateescape").replace("\0", "")
            file.write_bytes(body)
            if (text := _trouble(file, body, environ)) is not None:
                shown = body if not environ else repr(environ).encode("utf-8", "replace")
                yield Finding(where="configuration", mutation=mutation, text=text, body=shown)


def _trouble(file: Path, body: bytes, environ: Mapping[str, str]) -> str | None:
    try:
        settings = load_settings(file, environ)
    except LastseenError:
        return None
    except Exception:  # noqa: BLE001 - anything else is what is looked for
        return last_words()
    written = tomllib.loads(body.decode("utf-8-sig"))
    return (_other_than_written(settings, written) if not environ else None) or _unsafe(settings)


def _unsafe(settings: Settings) -> str | None:
    """Say what no configuration may lead to."""
    parts = urlsplit(settings.portal.url)
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        return "the key may go somewhere unencrypted"
    if parts.username or parts.password or not parts.hostname:
        return "the portal's address names no host, or a user"
    rules, rails = settings.policy, settings.guardrails
    days = [rules.inactive_days, rules.pending_days, rules.lookback_days, rails.per_days]
    days += [one.inactive_days or 1 for one in rules.cohorts]
    if min(days) < 1 or max(days) > 36_500 or rules.lookback_days < rules.inactive_days:
        return "days are out of range"
    if rails.max_disable < 0 or not 0 <= rails.max_disable_share <= 1:
        return "a guardrail is out of range"
    for domain in settings.roster.exclude_email_domains:
        pattern = domain_pattern(domain)
        if not in_domain(f"ann@{pattern.removeprefix('.')}", pattern):
            return f"{domain!r} excludes nobody"
    return None


def _other_than_written(settings: Settings, written: Mapping[str, Any]) -> str | None:
    """Say what stands in the file and did not arrive."""
    for table, keys in written.items():
        if table not in ("portal", "roster", "policy", "guardrails", "ledger"):
            return f"the table {table!r} is passed over"
        for key, value in keys.items():
            if table == "ledger":
                arrived: Any = settings.ledger_url
            else:
                arrived = getattr(getattr(settings, table), "cohorts" if key == "for" else key)
            if not _same(key, value, arrived):
                return f"{table}.{key} = {value!r} became {arrived!r}"
    return None


def _same(key: str, value: Any, arrived: Any) -> bool:
    match value:
        case bool():
            return arrived is value
        case int() | float():
            # What the longest window of a cohort needs is looked back for in any case.
            return bool(arrived == value) or (key == "lookback_days" and arrived > value)
        case list() if key == "for":
            return bool([one["name"] for one in value] == [one.name for one in arrived])
        case list():
            return set(value) == set(arrived)
        case str() if key in _LISTED:
            return bool(value) == bool(arrived) or not value.strip(", ")
        case str() if isinstance(arrived, str) and key not in ("url", "disabled_status"):
            return value == arrived
        case str() if key == "inactive_days":
            return bool(int(value) == arrived)
        case _:
            return True
