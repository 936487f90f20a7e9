"""A portal in process for the tests of docspace: a function that answers, without waiting."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from lastseen.docspace.client import Client, client_over
from lastseen.docspace.http.limits import Limits
from lastseen.docspace.http.request import Request, Response, Runtime
from lastseen.model.contractor import UserId
from lastseen.model.instant import Instant
from lastseen.model.secret import ApiKey

NOW = Instant(datetime(2026, 11, 1, 12, tzinfo=UTC))
KEY = "sk-0123456789abcdef-not-to-be-seen"

Answering = Callable[[Request], Response | Exception]


class VirtualTime:
    """Seconds that pass only when someone sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.slept: list[float] = []

    def runtime(self) -> Runtime:
        return Runtime(sleep=self.sleep, monotonic=lambda: self.seconds, random=lambda: 0.5)

    def clock(self) -> Instant:
        return Instant(NOW + timedelta(seconds=self.seconds))

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        due = self.seconds + seconds
        await asyncio.sleep(0)
        self.seconds = max(self.seconds, due)


class Scripted:
    """A transport whose answers a function gives."""

    def __init__(self, answering: Answering) -> None:
        self.answering = answering
        self.requests: list[Request] = []
        self.time = VirtualTime()

    async def send(self, request: Request) -> Response:
        self.requests.append(request)
        await asyncio.sleep(0)
        answer = self.answering(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def client(self, *, limits: Limits | None = None, **more: Any) -> Client:
        return client_over(
            self,
            url="https://portal.example",
            key=ApiKey(KEY),
            clock=self.time.clock,
            limits=limits,
            runtime=self.time.runtime(),
            **more,
        )


def in_turn(*answers: Response | Exception) -> Answering:
    """Give these answers one after another, the last of them for ever."""
    left = list(answers)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def ok(response: Any, **more: Any) -> Response:
    envelope: dict[str, Any] = {"response": response, "status": 0, "statusCode": 200}
    if isinstance(response, list):
        envelope["count"] = len(response)
    return raw(json.dumps({**envelope, **more}).encode())


def failed(status: int, message: str = "", **headers: str) -> Response:
    envelope = {"status": 1, "statusCode": status, "error": {"message": message}}
    return raw(
        json.dumps(envelope).encode(),
        status,
        **{name.replace("_", "-"): value for name, value in headers.items()},
    )


def raw(body: bytes, status: int = 200, /, **headers: str) -> Response:
    return Response(status=status, headers=headers, body=body)


def guid(number: int) -> UserId:
    return UserId(f"{number:08x}-0000-4000-8000-00000000abcd")


def event(number: Any, at: Any = "2026-11-01T10:00:00.0000000Z", **more: Any) -> dict[str, Any]:
    return {"id": number, "date": at, "userId": guid(1), "actionId": 1000, "ip": "10.0.0.1", **more}


def profile(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": guid(number),
        "displayName": f"Person {number}",
        "email": f"person{number:05d}@example.org",
        "status": 1,
        "activationStatus": 1,
        "isVisitor": True,
        "isOwner": False,
        "isAdmin": False,
        "isRoomAdmin": False,
        "isLDAP": False,
        "isSSO": False,
        "registrationDate": "2026-01-05T09:00:00.0000000+03:00",
        **more,
    }
