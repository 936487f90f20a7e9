"""Answers in the shapes of the vendor's OpenAPI file are read as those that the server writes.

The file calls dates objects of `utcTime` and `timeZoneOffset`, and most fields may be null; the
server writes dates as strings and leaves nulls out. `total`, without which no list of people is
believed, is the server's alone.
"""

import json
from typing import Any

import pytest

from lastseen.docspace.administration import read_acts
from lastseen.docspace.api_keys import read_key_uses, read_own_key
from lastseen.docspace.audit import read_events
from lastseen.docspace.release import read_release
from lastseen.docspace.session_settings import read_session_settings
from lastseen.docspace.wire import read_changed_people, read_people, read_person, read_retention
from lastseen.model.contractor import AccountStatus, AccountType
from lastseen.model.instant import format_instant

WHO = "75a5f745-f697-4418-b38d-0fe0d277e258"
DATE = {"utcTime": "2026-04-10T06:30:00.0000000+04:00", "timeZoneOffset": "00:00:00"}
READ = "2026-04-10T02:30:00Z"

EMPLOYEE = {
    "id": WHO,
    "displayName": "Mike &amp; Zanyatski",
    "title": None,
    "avatar": None,
    "avatarOriginal": None,
    "avatarMax": None,
    "avatarMedium": None,
    "avatarSmall": None,
    "profileUrl": None,
    "hasAvatar": False,
    "isAnonim": False,
}
EMPLOYEE_FULL = {
    **EMPLOYEE,
    "firstName": None,
    "lastName": None,
    "userName": None,
    "email": "mike@example.com",
    "contacts": None,
    "birthday": DATE,
    "sex": None,
    "status": 1,
    "activationStatus": 1,
    "terminated": DATE,
    "department": None,
    "workFrom": DATE,
    "groups": [{"id": WHO, "name": "Suppliers", "manager": None}],
    "isAdmin": False,
    "isRoomAdmin": False,
    "isLDAP": False,
    "listAdminModules": None,
    "isOwner": False,
    "isVisitor": True,
    "isCollaborator": False,
    "cultureName": None,
    "isSSO": True,
    "registrationDate": DATE,
    "createdBy": EMPLOYEE,
}
EVENT = {
    "id": 4,
    "date": DATE,
    "user": None,
    "userId": WHO,
    "login": "mike@example.com",
    "action": None,
    "actionId": 1029,
    "ip": None,
    "country": None,
    "city": None,
    "browser": None,
    "platform": None,
    "page": None,
}
TRAIL_EVENT = {
    **{name: value for name, value in EVENT.items() if name != "login"},
    "actionId": 4020,
    "actionType": 2,
    "product": 8,
    "location": 30,
    "target": [WHO],
    "entries": [23],
    "context": None,
}
KEY = {
    "id": WHO,
    "name": None,
    "key": None,
    "keyPostfix": None,
    "permissions": ["accounts:read"],
    "lastUsed": DATE,
    "createOn": DATE,
    "createBy": EMPLOYEE,
    "expiresAt": DATE,
    "isActive": True,
}


def answer(response: Any, **more: Any) -> bytes:
    count = len(response) if isinstance(response, list) else 1
    envelope = {"response": response, "count": count, "links": [], "status": 0, "statusCode": 200}
    return json.dumps({**envelope, **more}).encode()


def test_the_sign_in_log() -> None:
    (event,) = read_events(answer([EVENT]))
    assert (event.user_id, event.action_id, event.at.isoformat()) == (
        WHO,
        1029,
        "2026-04-10T02:30:00+00:00",
    )


def test_the_trail_and_what_administrators_did() -> None:
    assert [event.action_id for event in read_events(answer([TRAIL_EVENT]))] == [4020]
    (act,) = read_acts(answer([TRAIL_EVENT]))
    assert (format_instant(act.at), act.action_id) == (READ, 4020)
    assert act.people == {WHO}


@pytest.mark.parametrize("target", [None, [], [f"{WHO},{WHO.upper()}"], f"{WHO}", [""]])
def test_a_target_names_people_or_nobody(target: object) -> None:
    (act,) = read_acts(answer([{**TRAIL_EVENT, "target": target}]))
    assert act.people <= {WHO}


def test_how_long_the_logs_are_kept() -> None:
    body = {"loginHistoryLifeTime": 180, "auditTrailLifeTime": 90, "lastModified": "0001-01-01"}
    retention = read_retention(answer(body))
    assert (retention.sign_in_days, retention.trail_days) == (180, 90)


def test_people_one_and_many_and_changed() -> None:
    one = read_person(answer(EMPLOYEE_FULL))
    assert read_people(answer([EMPLOYEE_FULL], total=1)).people == (one,)
    assert read_changed_people(answer([EMPLOYEE_FULL])) == (one,)
    assert (one.type, one.status, one.is_sso) == (AccountType.GUEST, AccountStatus.ACTIVE, True)
    assert one.registered_at is not None
    assert (format_instant(one.registered_at), one.invited_by) == (READ, WHO)
    assert one.sponsor == "Mike & Zanyatski"


def test_api_keys() -> None:
    own = read_own_key(answer(KEY))
    assert own.permissions == {"accounts:read"}
    assert own.expires_at is not None
    assert format_instant(own.expires_at) == READ
    (use,) = read_key_uses(answer([KEY], count=1))
    assert use.owner == WHO
    assert use.last_used_at == own.expires_at


def test_an_unlimited_key_that_was_never_used() -> None:
    bare = {"id": WHO, "permissions": None, "createBy": EMPLOYEE, "isActive": True}
    own, (use,) = read_own_key(answer(bare)), read_key_uses(answer([bare]))
    assert (own.permissions, own.expires_at, use.last_used_at) == (frozenset(), None, None)


@pytest.mark.parametrize(
    ("enabled", "minutes", "read"), [(True, 60, 60), (True, 0, None), (False, 1440, None)]
)
def test_how_long_sessions_live(enabled: bool, minutes: int, read: int | None) -> None:
    settings = read_session_settings(answer({"enabled": enabled, "lifeTime": minutes}))
    assert settings.minutes == read


@pytest.mark.parametrize(
    ("text", "supported"),
    [("3.0.4", False), ("2.6", False), ("3.1.0", True), ("3.7.2.0", True), ("10.0.1", True)],
)
def test_releases_before_api_keys_are_not_supported(text: str, supported: bool) -> None:
    release = read_release(answer({"docSpace": text, "documentServer": None}))
    assert release is not None
    assert release.is_supported is supported


@pytest.mark.parametrize("text", [None, "", "unknown", "v.next"])
def test_a_release_that_is_not_told_is_unknown(text: str | None) -> None:
    assert read_release(answer({"docSpace": text})) is None
