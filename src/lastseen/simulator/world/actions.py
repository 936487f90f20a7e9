"""The event ids of a portal, as release 3.7.2 knows them, and what the portal says about each.

Only tables and questions to them; no event is made here. Names and ids come from the server's
`MessageAction.cs`, types and places from its `AuditTrail/Mappers`.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final


class ActionType(IntEnum):
    """What a trail event did (`AuditTrail/Types/ActionType.cs`)."""

    NONE = 0
    CREATE = 1
    UPDATE = 2
    DELETE = 3
    LINK = 4
    UNLINK = 5
    ATTACH = 6
    DETACH = 7
    SEND = 8
    IMPORT = 9
    EXPORT = 10
    UPDATE_ACCESS = 11
    DOWNLOAD = 12
    UPLOAD = 13
    COPY = 14
    MOVE = 15
    REASSIGNS = 16
    FOLLOW = 17
    UNFOLLOW = 18
    LOGOUT = 19


class Place(IntEnum):
    """Where a trail event happened (`LocationType.cs`; the query calls it `moduleType`)."""

    NONE = 0
    FILES = 1
    FOLDERS = 2
    DOCUMENTS_SETTINGS = 3
    ROOMS = 27
    SETTINGS = 29
    CONTACTS = 30
    AGENTS = 31


class EntryType(IntEnum):
    """What a trail event was done to (`EntryType.cs`)."""

    NONE = 0
    FILE = 1
    FOLDER = 2
    USER = 23
    GROUP = 24
    ROOM = 25
    TAG = 26
    AGENT = 27


class Product(IntEnum):
    """The part of the portal that wrote a trail event (`ProductType.cs`)."""

    DOCUMENTS = 2
    LOGIN = 3
    SETTINGS = 7
    CONTACTS = 8


@dataclass(frozen=True, slots=True)
class LoginAction:
    """One kind of event in the login history."""

    name: str
    """The name in `MessageAction.cs`; the query accepts it instead of the id."""
    text: str
    """What the portal writes as `action`; a portal in another language writes something else."""


@dataclass(frozen=True, slots=True)
class TrailAction:
    """One kind of event in the activity trail."""

    name: str
    text: str
    action_type: ActionType
    place: Place
    product: Product
    entries: tuple[EntryType, ...]


LOGIN_SUCCESS: Final[dict[int, LoginAction]] = {
    1000: LoginAction("LoginSuccess", "Login Success"),
    1001: LoginAction("LoginSuccessViaSocialAccount", "Login Via Social Account Success"),
    1007: LoginAction("LoginSuccessViaSms", "Login via SMS successful"),
    1010: LoginAction("LoginSuccessViaApi", "Successful Login via API"),
    1011: LoginAction("LoginSuccessViaSocialApp", "Successful login via social application"),
    1012: LoginAction("LoginSuccessViaApiSms", "Successful Login via API & SMS Code"),
    1015: LoginAction("LoginSuccessViaSSO", "Successful Login via SSO"),
    1019: LoginAction("LoginSuccessViaApiSocialAccount", "Login Via Social Account Success"),
    1021: LoginAction("LoginSuccesViaTfaApp", "Successful Login via authenticator application"),
    1024: LoginAction("LoginSuccessViaApiTfa", "Successful Login via API & authenticator app"),
    1027: LoginAction("AuthLinkActivated", "The authorization link has been activated"),
    1028: LoginAction("LoginSuccessViaOAuth", "Successful Login via OAuth 2.0"),
    1029: LoginAction("LoginSuccessViaPassword", "Login success via login and password"),
}
"""Somebody got in."""

LOGIN_FAILURE: Final[dict[int, LoginAction]] = {
    1002: LoginAction(
        "LoginFailInvalidCombination", "Login Fail. Invalid username-password combination"
    ),
    1003: LoginAction(
        "LoginFailSocialAccountNotFound", "Login Fail. Associated Social Account Not Found"
    ),
    1004: LoginAction("LoginFailDisabledProfile", "Login Fail. Profile Disabled"),
    1005: LoginAction("LoginFail", "Login Fail"),
    1008: LoginAction("LoginFailViaSms", "Login via SMS failed"),
    1009: LoginAction("LoginFailIpSecurity", "IP Security: Login Failed"),
    1013: LoginAction("LoginFailViaApi", "Failed Login via API"),
    1014: LoginAction("LoginFailViaApiSms", "Failed Login via API & SMS Code"),
    1018: LoginAction("LoginFailViaSSO", "Login via SSO Failed"),
    1020: LoginAction("LoginFailViaApiSocialAccount", "Login via API & Social Media Failed"),
    1022: LoginAction("LoginFailViaTfaApp", "Login via authenticator application Failed"),
    1023: LoginAction("LoginFailBruteForce", "Login Fail. Too many attempts"),
    1025: LoginAction("LoginFailViaApiTfa", "Failed Login via API & authenticator application"),
    1026: LoginAction("LoginFailRecaptcha", "Login Fail. Recaptcha is invalid"),
}
"""Somebody, anybody, tried."""

LOGIN_SESSION: Final[dict[int, LoginAction]] = {
    1006: LoginAction("Logout", "Logout"),
    1016: LoginAction("SessionStarted", "Session Started"),
    1017: LoginAction("SessionCompleted", "Session Completed"),
}
"""A sign-out or a session: the person was there."""

PASSWORD_SIGN_IN: Final = 1029
OAUTH_SIGN_IN: Final = 1028
SSO_SIGN_IN: Final = 1015
WRONG_PASSWORD: Final = 1002
SIGN_OUT: Final = 1006
NEWER_RELEASE: Final = 1031
"""An id of a later release than 3.7.2, which no table of a client can hold yet."""

LOGIN: Final[dict[int, LoginAction]] = {
    **LOGIN_SUCCESS,
    **LOGIN_FAILURE,
    **LOGIN_SESSION,
    # 3.7.2 has no text for what it does not know and writes an empty one (`AuditActionMapper`).
    NEWER_RELEASE: LoginAction("LoginSuccessOfALaterRelease", ""),
}

_DOCUMENTS = Product.DOCUMENTS
_CONTACTS = Product.CONTACTS
_FILE = (EntryType.FILE,)
_FOLDER = (EntryType.FOLDER,)
_ROOM = (EntryType.ROOM,)
_USER = (EntryType.USER,)


def _file(name: str, text: str, action_type: ActionType) -> TrailAction:
    return TrailAction(name, text, action_type, Place.FILES, _DOCUMENTS, _FILE)


def _contact(name: str, text: str, action_type: ActionType) -> TrailAction:
    return TrailAction(name, text, action_type, Place.CONTACTS, _CONTACTS, _USER)


def _room(name: str, text: str, action_type: ActionType) -> TrailAction:
    return TrailAction(name, text, action_type, Place.ROOMS, _DOCUMENTS, _ROOM)


def _setting(name: str, text: str) -> TrailAction:
    return TrailAction(name, text, ActionType.UPDATE, Place.SETTINGS, Product.SETTINGS, ())


GUEST_ACTIVATED: Final = 4005
FILE_READ: Final = 5064
"""An image or another medium was opened; a document in the editor leaves nothing."""
SIGNED_BY_OTHERS: Final = 5046
"""Others signed a document, in the name of whoever sent it to them."""
PASSWORD_UPDATED: Final = 4017
STATUSES_UPDATED: Final = 4020
ACTIVATION_SENT: Final = 4021
OWN_SESSIONS_ENDED: Final = 4034
SESSIONS_ENDED: Final = 4036
INVITATION_SENT: Final = 4037
ROOM_USER_ADDED: Final = 5085
ROOM_INVITATION_RESENT: Final = 5118
"""Both have the room as their target, and only their text says whom they are about."""
INVITATIONS: Final = (INVITATION_SENT, ACTIVATION_SENT, ROOM_INVITATION_RESENT)
COOKIE_SETTINGS_UPDATED: Final = 6032

TRAIL: Final[dict[int, TrailAction]] = {
    4001: _contact("GuestCreated", "Guest Created", ActionType.CREATE),
    4003: _contact("GuestCreatedViaInvite", "Guest Created Via Invite", ActionType.CREATE),
    4005: _contact("GuestActivated", "Guest Activated", ActionType.UPDATE),
    4006: _contact("UserUpdated", "User Updated", ActionType.UPDATE),
    4007: _contact("UserUpdatedLanguage", "Language Updated", ActionType.UPDATE),
    4015: _contact(
        "UserSentPasswordChangeInstructions", "Sent Password Change Instructions", ActionType.SEND
    ),
    4017: _contact("UserUpdatedPassword", "Password Updated", ActionType.UPDATE),
    4020: _contact("UsersUpdatedStatus", "Users. Updated Status", ActionType.UPDATE),
    4021: _contact(
        "UsersSentActivationInstructions", "Sent Activation Instructions", ActionType.SEND
    ),
    4034: _contact(
        "UserLogoutActiveConnections", "Logged Out All Own Connections", ActionType.LOGOUT
    ),
    4036: _contact(
        "UserLogoutActiveConnectionsForUser", "Logged Out All Connections", ActionType.LOGOUT
    ),
    4037: _contact("SendJoinInvite", "User sent an invitation", ActionType.CREATE),
    5000: _file("FileCreated", "File Created", ActionType.CREATE),
    5001: _file("FileRenamed", "File Renamed", ActionType.UPDATE),
    5002: _file("FileUpdated", "File Updated", ActionType.UPDATE),
    5009: _file("FileDownloaded", "File Downloaded", ActionType.DOWNLOAD),
    5011: _file("FileUploaded", "File Uploaded", ActionType.UPLOAD),
    5018: _file("FileDeleted", "File Deleted", ActionType.DELETE),
    5019: TrailAction(
        "FolderCreated", "Folder Created", ActionType.CREATE, Place.FOLDERS, _DOCUMENTS, _FOLDER
    ),
    5027: TrailAction(
        "FolderDeleted", "Folder Deleted", ActionType.DELETE, Place.FOLDERS, _DOCUMENTS, _FOLDER
    ),
    5034: _file("UserFileUpdated", "File Updated", ActionType.UPDATE),
    SIGNED_BY_OTHERS: _file("DocumentSignComplete", "Document Signed", ActionType.CREATE),
    5054: _file("FileOpenedForChange", "File Opened For Change", ActionType.UPDATE),
    5063: _file("FileMarkedAsRead", "File Marked As Read", ActionType.UPDATE),
    5064: _file("FileReaded", "File Opened For Viewing", ActionType.UPDATE),
    5070: _room("RoomCreated", "Room Created", ActionType.CREATE),
    5071: _room("RoomRenamed", "Room Renamed", ActionType.UPDATE),
    5075: _room("RoomUpdateAccessForUser", "Access Updated", ActionType.UPDATE),
    5085: _room("RoomCreateUser", "Added user: {0}. Role: Viewer", ActionType.UPDATE),
    5118: _room("RoomInviteResend", "Invitation sent again: {0}", ActionType.UPDATE),
    6032: _setting("CookieSettingsUpdated", "Cookie Settings Updated"),
    6035: _setting("AuditSettingsUpdated", "Audit Settings Updated"),
    6046: _file("FormSubmit", "Form Submitted", ActionType.UPDATE),
    6047: _file("FormOpenedForFilling", "Form Opened For Filling", ActionType.UPDATE),
}
"""The trail events that the portal lists; a choice of the three hundred that there are."""

UNLISTED: Final[dict[int, str]] = {
    5102: "RoomColorChanged",
    5103: "RoomCoverChanged",
    7001: "RoomInviteLinkUsed",
    7002: "UserCreatedAndAddedToRoom",
    7003: "GuestCreatedAndAddedToRoom",
}
"""Stored, but in no mapper of the server: never listed, and 500 to a request for one by id."""

WRITTEN_AT_ONCE: Final = frozenset({4015, 4017, 4037, 5054, 5070, 6047, 7001})
"""Trail events that do not go through the queue (`_forceSaveAuditActions`)."""

NAMES: Final[dict[str, int]] = {
    **{action.name.lower(): number for number, action in LOGIN.items()},
    **{action.name.lower(): number for number, action in TRAIL.items()},
    **{name.lower(): number for number, name in UNLISTED.items()},
    "none": -1,
}
"""Lower-case name → id."""


def is_presence(action: int) -> bool:
    """Whether a login event of this id proves that the person was there."""
    return action in LOGIN_SUCCESS or action in LOGIN_SESSION


def is_failure(action: int) -> bool:
    """Whether a login event of this id is a failed attempt by anybody."""
    return action in LOGIN_FAILURE
