"""A clean-up as the vendor's sample does it, to measure Lastseen against. Written anew, not copied.

One synchronous request a person, one after the other; whatever comes, under any action, counts as
presence; whatever goes wrong counts as "no events"; all who are found idle are disabled in one
request. Also the same with its dates corrected, since the portal refuses them unchanged. No retry,
no page, no count: that is the point of it.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec

from lastseen.simulator.endpoints.wire import Damage
from lastseen.simulator.server.portal import SimulatedPortal

LOGIN_FILTER = "/api/2.0/security/audit/login/filter"
DISABLE = "/api/2.0/people/status/Terminated"

Ask = Callable[[str, str, Mapping[str, str], Any], Any]
"""Sends a method, a path, a query and a body; returns the JSON, or None whatever went wrong."""

Clock = Callable[[], datetime]


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a clean-up did."""

    to_disable: tuple[str, ...]
    """Whom it found idle, by id."""
    was_answered: bool
    """Whether the portal answered the request to disable them; True where there was none."""
    requests: int


def dates_as_they_are(moment: datetime) -> str:
    """Write a date as Python does: six digits of a second, which the portal refuses with a 400."""
    return moment.isoformat()


def dates_corrected(moment: datetime) -> str:
    """Write a date as the portal reads it: three digits of a second, in UTC."""
    return (
        moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"
    )


VARIANTS: dict[str, Callable[[datetime], str]] = {
    "sample": dates_as_they_are,
    "sample, dates corrected": dates_corrected,
}
"""Both, by what tables call them."""


class Baseline:
    """The clean-up."""

    def __init__(
        self,
        ask: Ask,
        *,
        clock: Clock,
        dates: Callable[[datetime], str] = dates_as_they_are,
        inactive_days: int = 30,
        lookback_days: int = 180,
    ) -> None:
        """Speak to a portal through `ask`; `dates` writes what is asked for."""
        self._ask = ask
        self._clock = clock
        self._dates = dates
        self._inactive_days = inactive_days
        self._lookback_days = lookback_days
        self._requests = 0

    def clean_up(self, contractors: Sequence[str], *, disable: bool = True) -> Found:
        """Find out who of `contractors` (ids) is idle, and disable them all at once."""
        began = self._clock()
        idle = tuple(who for who in contractors if self._is_idle(self._last_login(who), began))
        answered = True
        if idle and disable:
            answered = (
                self._send("PUT", DISABLE, {}, {"userIds": idle, "resendAll": False}) is not None
            )
        return Found(to_disable=idle, was_answered=answered, requests=self._requests)

    def _last_login(self, who: str) -> datetime | None:
        now = self._clock()
        query = {
            "userId": who,
            "action": "0",
            "from": self._dates(now - timedelta(days=self._lookback_days)),
            "to": self._dates(now),
        }
        answer = self._send("GET", LOGIN_FILTER, query, None)
        events = answer.get("response") if isinstance(answer, dict) else None
        dates = (
            [_date(event) for event in events if isinstance(event, dict)]
            if isinstance(events, list)
            else []
        )
        return max((date for date in dates if date is not None), default=None)

    def _is_idle(self, last: datetime | None, now: datetime) -> bool:
        return last is None or (now - last).days >= self._inactive_days

    def _send(self, method: str, path: str, query: Mapping[str, str], body: Any) -> Any:
        self._requests += 1
        return self._ask(method, path, query, body)


def in_process(portal: SimulatedPortal, wait: Callable[[float], None]) -> Ask:
    """Return what asks a simulated portal without a socket; `wait` lets seconds pass."""

    def ask(method: str, path: str, query: Mapping[str, str], body: Any) -> Any:
        answer = portal.respond(
            method,
            path,
            query=query,
            headers={"Authorization": f"Bearer {portal.api_key}", "Host": "portal.example"},
            body=json.dumps(body).encode() if body is not None else b"",
        )
        wait(0.05 + answer.delay)
        if answer.damage is not Damage.NONE or answer.status != 200:
            return None
        return _parsed(answer.body)

    return ask


def over_network(url: str, key: str) -> Ask:
    """Return what asks the portal at `url` with `key`, over a new connection each time."""
    import requests

    def ask(method: str, path: str, query: Mapping[str, str], body: Any) -> Any:
        address = f"{url}{path}?{urlencode(query)}" if query else f"{url}{path}"
        try:
            answer = requests.request(
                method, address, json=body, headers={"Authorization": f"Bearer {key}"}, timeout=60
            )
        except requests.RequestException:
            return None
        return _parsed(answer.content) if answer.status_code == 200 else None

    return ask


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _date(event: Mapping[str, Any]) -> datetime | None:
    """Read an event's date; one that can't be read is passed over, one without a zone is UTC."""
    text = event.get("date")
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment
