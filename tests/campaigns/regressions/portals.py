"""Small portals for the regressions: people, what they did, and reviews one after the other."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import msgspec

from campaigns.safety.cases import DAY, Case, Happening, PersonCase
from campaigns.safety.playing import Played, play
from campaigns.safety.setting import Setting
from campaigns.safety.world import id_of
from lastseen.docspace.http.request import Request, Response
from lastseen.ledger import Ledger, PortalLedger
from testing.in_process import URL

MINUTE, HOUR = 60, 3600
SIGN_INS = "/security/audit/login/filter"
EMPTY = b'{"response":[],"count":0,"links":[],"status":0,"statusCode":200}'

Altering = Callable[[int, Request, Response], Response]


def signs_in(*ages: int) -> tuple[Happening, ...]:
    return tuple(Happening(log="sign-in", age=age, action=1029) for age in ages)


def works(*ages: int) -> tuple[Happening, ...]:
    return tuple(Happening(log="trail", age=age, action=5064) for age in ages)


def person(number: int, *events: Happening, registered_age: int = 400 * DAY) -> PersonCase:
    return PersonCase(number=number, kind="told", events=events, registered_age=registered_age)


def rulings(played: Played, review: int = 0) -> dict[int, str]:
    assert played.crash is None
    assert played.reviews[review].refused is None
    return {one.number: one.decision for one in played.reviews[review].judged}


def ruled(case: Case, folder: Path, review: int = 0) -> dict[int, str]:
    """Play a case, and return the decisions of one of its reviews by person."""
    return rulings(play(case, folder), review)


class Watched:
    """A portal that is reviewed again and again on one ledger, with answers altered on the way."""

    def __init__(self, case: Case, folder: Path) -> None:
        self.setting = Setting(case, folder)
        self.requests = 0
        self._ledger: Ledger = self.setting.ledger()

    @property
    def ledger(self) -> PortalLedger:
        return self._ledger.portal(URL)

    def review(self, altering: Altering | None = None) -> dict[int, str]:
        transport = self.setting.transport()
        transport.altered = altering
        plan = transport.run(lambda client: self.setting.review(client, self.ledger))
        self.requests = transport.requests
        numbers = {id_of(one.number): one.number for one in self.setting.case.people}
        return {
            numbers[one.user_id]: one.decision.value
            for one in plan.decisions
            if one.user_id in numbers
        }

    def wait(self, seconds: float) -> None:
        self.setting.time.advance(timedelta(seconds=seconds))
        self.setting.course.reach(self.setting.time.now())
        self.setting.portal.world.settle(self.setting.time.now())


def with_body(response: Response, body: bytes) -> Response:
    return msgspec.structs.replace(response, body=body)
