"""API keys: whose they are and what they are good for (`AuthorizationExtension.cs`)."""

import random
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

GLOBAL_READ: Final = "*:read"
GLOBAL_WRITE: Final = "*:write"

# The first that matches decides, as in the server's table.
_LOCAL: Final = (
    (re.compile(r"GET /api/2\.0/people/@self"), ("accounts.self:read", "accounts.self:write")),
    (re.compile(r"GET /api/2\.0/people"), ("accounts:read", "accounts:write")),
    (re.compile(r"(POST|PUT|DELETE|UPDATE) /api/2\.0/people"), ("accounts:write",)),
)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key."""

    secret: str
    account: str
    """The id of the person who made it and as whom it acts."""
    scopes: frozenset[str] = frozenset()
    """What it is limited to, as `accounts:read`; empty for everything the account may do."""

    def permits(self, method: str, path: str) -> bool:
        """Whether the scopes suffice; what the account may do is another question.

        `security/…` has no scope of its own: only a global one will do. `people/@self` has one that
        `accounts:read` does not contain.
        """
        if not self.scopes or "*" in self.scopes:
            return True
        enough = {GLOBAL_WRITE, GLOBAL_READ} if method == "GET" else {GLOBAL_WRITE}
        for pattern, scopes in _LOCAL:
            if pattern.match(f"{method} {path}"):
                enough.update(scopes)
                break
        return not enough.isdisjoint(self.scopes)


def make_key(account: str, seed: int, *, scopes: Iterable[str] = ()) -> ApiKey:
    """Make a key for an account; the same seed gives the same secret."""
    digits = random.Random(f"key {seed} {account}").getrandbits(256)
    return ApiKey(f"sk-{digits:064x}", account, frozenset(scopes))
