"""The releases of the server that a simulated portal can be, and how they differ.

Read in the tags of ONLYOFFICE/DocSpace-server: v3.1.0, v3.5.0, v3.6.1 and v3.7.2.
"""

from enum import StrEnum
from typing import Final

from lastseen.simulator.world.actions import LOGIN, TRAIL, UNLISTED, WRITTEN_AT_ONCE

_SINCE_3_5: Final = frozenset({1028, 1029})
"""Login actions that release 3.5 introduced (`MessageAction.cs`)."""
_QUEUED_BEFORE_3_5: Final = frozenset({4017, 5054, 6047})
"""Trail actions that went through the queue until release 3.5 (`MessagesRepository.cs`)."""


class Release(StrEnum):
    """A release of the server."""

    V3_1 = "3.1"
    V3_5 = "3.5"
    V3_6 = "3.6"
    V3_7 = "3.7"

    @property
    def version(self) -> str:
        """The full version, as `settings/version/build` returns it."""
        return _VERSIONS[self]

    @property
    def largest_page(self) -> int:
        """The largest `count`, and its default (`ApiContext.cs`)."""
        return 1000 if self is Release.V3_1 else 100

    @property
    def refuses_large_pages(self) -> bool:
        """Whether a larger `count` is a 400; release 3.1 cuts it down without a word."""
        return self is not Release.V3_1

    @property
    def refuses_protected(self) -> bool:
        """Whether one protected person refuses a change of status; earlier they are skipped."""
        return self is Release.V3_7

    @property
    def owner_is_admin(self) -> bool:
        """Whether the owner's profile says `isAdmin` (`EmployeeFullDto.cs`)."""
        return self is not Release.V3_7

    @property
    def tells_own_key(self) -> bool:
        """Whether there is `keys/@self`; release 3.1.0 has only the list."""
        return self is not Release.V3_1

    @property
    def password_sign_in(self) -> int:
        """The action of a sign-in by login and password."""
        return 1000 if self is Release.V3_1 else 1029

    def knows(self, action: int) -> bool:
        """Whether this release has such an action; a query for any other is refused with 400."""
        if self is Release.V3_1 and action in _SINCE_3_5:
            return False
        return action in LOGIN or action in TRAIL or action in UNLISTED or action == -1

    def writes_at_once(self, action: int) -> bool:
        """Whether a trail action skips the queue."""
        queued = self is Release.V3_1 and action in _QUEUED_BEFORE_3_5
        return action in WRITTEN_AT_ONCE and not queued


_VERSIONS: Final = {
    Release.V3_1: "3.1.0",
    Release.V3_5: "3.5.0",
    Release.V3_6: "3.6.1",
    Release.V3_7: "3.7.2",
}
