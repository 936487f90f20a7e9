"""The people of a simulated portal and how the portal describes them on the wire.

Who may see or change whom is decided in `people_list` and `people_status`, not here.
"""

import html
from dataclasses import dataclass
from enum import IntEnum, IntFlag, StrEnum
from typing import Any, Final

import msgspec

from lastseen.simulator.endpoints.dates import DateWriter

NOBODY: Final = "00000000-0000-0000-0000-000000000000"
"""The empty id that failed sign-ins with an unknown user carry."""
ANONYMOUS: Final = "712d9ec3-5d2b-4b13-824f-71f00191dcca"
"""The account under which the portal notes what outsiders set off (`Constants.cs`)."""
SYSTEM: Final = "a37ee56e-3302-4a7b-b67e-ddbea64cd032"
"""The portal's own account."""
LOST: Final = "4a515a15-d4d6-4b8e-828e-e0586f18f3a3"
"""The account that stands for everybody who was removed (`Constants.LostUser`)."""


class EmployeeType(IntEnum):
    """What a person is on the portal (`EmployeeType.cs`)."""

    ROOM_ADMIN = 1
    GUEST = 2
    DOCSPACE_ADMIN = 3
    USER = 4


class Status(IntEnum):
    """Whether a person may come in (`EmployeeStatus.cs`)."""

    ACTIVE = 1
    TERMINATED = 2
    PENDING = 4


class Activation(IntFlag):
    """How far an e-mail address is proved (`EmployeeActivationStatus.cs`)."""

    NOT_ACTIVATED = 0
    ACTIVATED = 1
    PENDING = 2


class Kind(StrEnum):
    """What a person's history says; known to tests, never on the wire of the API."""

    DAILY = "daily"
    WEEKLY = "weekly"
    OPEN_SESSION = "open-session"
    """Signed in once, a year ago at most, and works ever since: seen by the trail only."""
    ATTACKED = "attacked"
    """Away for long; hundreds of failed sign-ins by somebody else."""
    NEVER_CAME = "never-came"
    PENDING = "pending"
    NEW = "new"
    EDGE_INSIDE = "edge-inside"
    """Last seen one second less than the window ago."""
    EDGE_EXACT = "edge-exact"
    EDGE_OUTSIDE = "edge-outside"
    SESSION_ONLY = "session-only"
    """Seen by sign-outs and session events only."""
    UNRECOGNISED = "unrecognised"
    """The newest event has an id that no client knows."""
    LATE_ACTIVITY = "late-activity"
    """Seen by one trail event only, which the portal has not written yet."""
    TERMINATED = "terminated"
    LDAP = "ldap"
    SSO = "sso"
    NAMELESS = "nameless"
    UPPER_CASE = "upper-case"
    """Away for long; the e-mail address is in capitals."""
    LONG_AGO = "long-ago"
    REINSTATED = "reinstated"
    """Away for long, disabled, and recently reinstated by hand."""
    SILENT_READER = "silent-reader"
    """Signed in before the window and has only read since, which no log shows."""
    STRANGE_NAME = "strange-name"
    """A name that the portal writes in HTML."""
    STAFF = "staff"
    ROOM_ADMIN = "room-admin"
    DOCSPACE_ADMIN = "docspace-admin"
    OWNER = "owner"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Group:
    """A group of people, as the portal's administrators make them."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Person:
    """One account. `dataclasses.replace` gives a changed one."""

    id: str
    kind: Kind
    first_name: str
    last_name: str
    email: str
    employee_type: EmployeeType
    registered: int
    """When the account was made, in seconds since 1970."""
    user_name: str = ""
    status: Status = Status.ACTIVE
    activation: Activation = Activation.ACTIVATED
    terminated: int | None = None
    """Only removals set it; disabling does not (`UserQueries.cs`)."""
    created_by: str | None = None
    related_to: frozenset[str] = frozenset()
    """The accounts that know this guest; a room administrator sees no others."""
    groups: tuple[Group, ...] = ()
    is_owner: bool = False
    is_ldap: bool = False
    is_sso: bool = False
    is_system: bool = False
    has_invitation: bool = False
    """Whether the trail holds an invitation; decides about `Pending` on reinstatement."""
    reinstated: int | None = None
    """When the account was last reinstated from `Terminated`, in seconds since 1970."""

    @property
    def is_guest(self) -> bool:
        """Whether this is a guest: an outsider who was asked in."""
        return self.employee_type is EmployeeType.GUEST

    @property
    def is_docspace_admin(self) -> bool:
        """Whether this is an administrator of the portal; its owner is one too."""
        return self.employee_type is EmployeeType.DOCSPACE_ADMIN

    @property
    def full_name(self) -> str:
        """The name as events carry it; empty if there is none."""
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def display_name(self) -> str:
        """The name as profiles carry it: the address where there is none, and as HTML.

        The server encodes it (`DisplayUserSettings.cs`), Latin-1 letters beyond ASCII included.
        """
        return html_encode(self.full_name or self.email)


REMOVED: Final = Person(
    id=LOST,
    kind=Kind.SYSTEM,
    first_name="Removed",
    last_name="profile",
    email="",
    employee_type=EmployeeType.USER,
    registered=0,
    is_system=True,
)
"""Who is shown wherever a removed person made something (`EmployeeDto.cs`)."""


def html_encode(text: str) -> str:
    """Encode as .NET's `HttpUtility.HtmlEncode` does."""
    escaped = html.escape(text, quote=True).replace("&#x27;", "&#39;")
    if escaped.isascii():
        return escaped
    return "".join(
        f"&#{ord(letter)};" if 160 <= ord(letter) < 256 or ord(letter) > 0xFFFF else letter
        for letter in escaped
    )


_encode = msgspec.json.Encoder().encode


def short_profile(person: Person, origin: str) -> dict[str, Any]:
    """Describe a person as `createdBy` does (`EmployeeDto.cs`); `origin` is `scheme://host`."""
    avatar = "/static/images/default_user_photo_size_82-82.png?hash=1"
    return {
        "id": person.id,
        "displayName": person.display_name,
        "avatar": avatar,
        "avatarOriginal": avatar,
        "avatarMax": avatar,
        "avatarMedium": avatar,
        "avatarSmall": avatar,
        "profileUrl": f"{origin}/accounts/people/filter?search={person.email}",
        "hasAvatar": False,
        "isAnonim": person.id == ANONYMOUS,
    }


def full_profile(
    person: Person,
    *,
    dates: DateWriter,
    origin: str,
    inviter: Person | None,
    owner_is_admin: bool = False,
) -> dict[str, Any]:
    """Describe a person in full (`EmployeeFullDto.cs`), null fields left out.

    `inviter` is `None` if the caller is no DocSpace administrator: others don't see it.
    `owner_is_admin`: whether this release calls the owner an administrator as well.
    """
    profile = {
        "firstName": person.first_name,
        "lastName": person.last_name,
        "userName": person.user_name,
        "email": person.email,
        "status": int(person.status),
        "activationStatus": int(person.activation),
        "department": ", ".join(html_encode(group.name) for group in person.groups),
        "isAdmin": person.is_docspace_admin and (owner_is_admin or not person.is_owner),
        "isRoomAdmin": person.employee_type is EmployeeType.ROOM_ADMIN,
        "isLDAP": person.is_ldap,
        "isOwner": person.is_owner,
        "isVisitor": person.is_guest,
        "isCollaborator": person.employee_type is EmployeeType.USER,
        "mobilePhoneActivationStatus": 0,
        "isSSO": person.is_sso,
        "registrationDate": dates.of_profile(person.registered),
        **short_profile(person, origin),
    }
    if person.terminated is not None:
        profile["terminated"] = dates.of_profile(person.terminated)
    if person.groups:
        profile["groups"] = [{"id": group.id, "name": group.name} for group in person.groups]
    if inviter is not None:
        profile["createdBy"] = short_profile(inviter, origin)
    return profile


def encode_profile(profile: dict[str, Any]) -> bytes:
    """Encode a profile as JSON."""
    return _encode(profile)
