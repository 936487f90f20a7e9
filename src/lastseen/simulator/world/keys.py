"""API keys: whose they are and what they are good for (`AuthorizationExtension.cs`)."""

import random
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from lastseen.simulator.world.release import Release

GLOBAL_READ: Final = "*:read"
GLOBAL_WRITE: Final = "*:write"

# The first that matches decides, as in the server's table.
_LOCAL: Final = (
    (re.compile(r"GET /api/2\.0/people/@self"), ("accounts.self:read", "accounts.self:write")),
    (re.compile(r"GET /api/2\.0/people"), ("accounts:read", "accounts:write")),
    (re.compile(r"(POST|PUT|DELETE|UPDATE) /api/2\.0/people"), ("accounts:write",)),
)
_OF_KEYS: Final = re.compile(r"[A-Z]+ /api/2\.0/keys(/.*)?$")
_OWN_KEY: Final = "GET /api/2.0/keys/@self"
_WITHOUT_KEY: Final = {"GET /api/2.0/settings", "GET /api/2.0/settings/version/build"}


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key. Instants are seconds since 1970."""

    secret: str
    account: str
    """The id of the person who made it and as whom it acts."""
    scopes: frozenset[str] = frozenset()
    """What it is limited to, as `accounts:read`; empty for everything the account may do."""
    name: str = "key"
    created: int = 0
    last_used: int | None = None
    """When it was used last before the portal was started."""
    expires: int | None = None
    """From when on it is refused."""
    is_active: bool = True

    @property
    def id(self) -> str:
        """The id by which the portal lists it."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, self.secret))

    def permits(self, method: str, path: str, release: Release = Release.V3_7) -> bool:
        """Whether the scopes suffice; what the account may do is another question.

        `security/…` has no scope of its own: only a global one will do. `people/@self` has one that
        `accounts:read` does not contain. Release 3.1 asks for a scope only where its table has one.
        What needs no key needs no scope before release 3.7 (`ApiKeyScopesFilter.cs`).
        """
        asked = f"{method} {path}"
        if not self.scopes or "*" in self.scopes or _needs_no_scope(asked, release):
            return True
        enough = {GLOBAL_WRITE, GLOBAL_READ} if method == "GET" else {GLOBAL_WRITE}
        if release is Release.V3_1:
            return self._permits_in_3_1(asked, enough)
        for pattern, scopes in _LOCAL:
            if pattern.match(asked):
                enough.update(scopes)
                break
        return not enough.isdisjoint(self.scopes)

    def _permits_in_3_1(self, asked: str, enough: set[str]) -> bool:
        for pattern, scopes in _LOCAL:
            if pattern.match(asked):
                return not enough.union(scopes).isdisjoint(self.scopes)
        return True


def make_key(account: str, seed: int, *, scopes: Iterable[str] = ()) -> ApiKey:
    """Make a key for an account; the same seed gives the same secret."""
    digits = random.Random(f"key {seed} {account}").getrandbits(256)
    return ApiKey(f"sk-{digits:064x}", account, frozenset(scopes))


def _needs_no_scope(asked: str, release: Release) -> bool:
    """Whether any limited key may ask.

    For itself; before release 3.7 for the list of keys, and for what needs no key at all.
    """
    if asked == _OWN_KEY:
        return True
    if release is Release.V3_7:
        return False
    if release is not Release.V3_1 and _OF_KEYS.match(asked) is not None:
        return True
    return asked in _WITHOUT_KEY
