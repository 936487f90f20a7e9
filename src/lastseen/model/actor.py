"""Who acts: person, machine, version, and the portal account once that is known."""

import msgspec


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who did something, as runs and journal entries record it."""

    os_user: str
    """The operating system's user name."""
    host: str
    """The machine's name."""
    version: str
    """The version of Lastseen."""
    account: str | None = None
    """The portal account that the API key acts as (e-mail or id); null until it is known."""

    @property
    def name(self) -> str:
        """The account if it is known, otherwise `user@host`."""
        return self.account or f"{self.os_user}@{self.host}"

    @property
    def in_full(self) -> str:
        """`admin@vendor.com (root@host)`, or `root@host` where the account isn't known."""
        where = f"{self.os_user}@{self.host}"
        return f"{self.account} ({where})" if self.account else where
