"""`python -m campaigns.fuzz`: mutated answers, through the wire layer and through whole reviews.

Through the wire layer only a value or `MalformedResponse` may come out, and a value must keep what
the rest of Lastseen relies on. Through a review, in which one answer is mutated and all others are
honest, only a LastseenError may come out, and no decision to disable that the honest portal would
not have given, unless the answer is one that a portal with another history would have sent.
"""

import argparse
import itertools
import logging
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from campaigns.mutations import mutated, tells_another_history
from campaigns.safety.cases import Case, Review
from campaigns.safety.generator import draw
from campaigns.safety.provable_coverage import MOST_IN_A_SECOND
from campaigns.safety.setting import Setting, reviewed
from lastseen.docspace.audit import read_events
from lastseen.docspace.http.request import Request, Response
from lastseen.docspace.wire import (
    MalformedResponse,
    failure,
    read_changed_people,
    read_people,
    read_person,
    read_retention,
)
from lastseen.model.errors import LastseenError
from lastseen.model.plan import Plan
from lastseen.model.sighting import Event
from lastseen.simulator.server.portal import SimulatedPortal
from lastseen.simulator.world.population import Population, populate
from testing.in_process import VirtualTime

BODIES = 1_000_000
REVIEWS = 4_000
A_CASE = 10
"""Reviews of one portal with one answer mutated each."""
SHOWN = 20

Read = Callable[[bytes], Any]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something that must not happen."""

    where: str
    """Which answer, or which portal and request."""
    mutation: str
    text: str
    body: bytes
    """What was read."""


def real_bodies(seed: int) -> list[tuple[str, Read, bytes]]:
    """Return answers of a simulated portal, each with its name and what reads it."""
    time_ = VirtualTime(1_780_000_000)
    scenario = populate(
        time_.portal_clock(), Population(contractors=30, staff=5, days=40, seed=seed)
    )
    portal = SimulatedPortal(scenario, clock=time_.portal_clock)
    logins, trail = "security/audit/login/filter", "security/audit/events/filter"
    wanted: list[tuple[str, str, dict[str, str], Read]] = [
        ("sign-ins", logins, {"count": "3"}, read_events),
        ("more sign-ins", logins, {"count": "12", "startIndex": "40"}, read_events),
        ("no sign-ins", logins, {"startIndex": "1000000"}, read_events),
        ("trail", trail, {"count": "3"}, read_events),
        ("people", "people/filter", {"count": "3", "sortBy": "email"}, read_people),
        ("guests", "people/filter", {"count": "5", "area": "guests"}, read_people),
        ("self", "people/@self", {}, read_person),
        ("lifetimes", "security/audit/settings/lifetime", {}, read_retention),
        ("changed people", "people/filter", {"count": "2"}, read_changed_people),
        ("an error", "people/00000000-0000-4000-8000-000000000000", {}, failure),
    ]
    headers = {"Authorization": f"Bearer {portal.api_key}"}
    return [
        (
            name,
            read,
            portal.respond("GET", f"/api/2.0/{path}", query=query, headers=headers).body,
        )
        for name, path, query, read in wanted
    ]


def wire_findings(number: int, *, seed: int) -> Iterator[Finding]:
    """Read so many mutated bodies; yield what must not happen."""
    chance = random.Random(f"wire {seed}")
    for round_ in itertools.count():
        bodies = real_bodies(seed + round_)
        for _ in range(min(number - round_ * 20_000, 20_000)):
            name, read, body = chance.choice(bodies)
            mutation, changed = mutated(body, chance)
            if chance.random() < 0.2:
                again, changed = mutated(changed, chance)
                mutation = f"{mutation}, {again}"
            trouble = _trouble(read, changed)
            if trouble is not None:
                yield Finding(where=name, mutation=mutation, text=trouble, body=changed)
        if (round_ + 1) * 20_000 >= number:
            return


def _trouble(read: Read, body: bytes) -> str | None:
    try:
        value = read(body)
    except MalformedResponse:
        return None
    except Exception:  # noqa: BLE001 - anything else is what is looked for
        return traceback.format_exc().strip().splitlines()[-1]
    if isinstance(value, list):
        return _broken_promise(value)
    return None


def _broken_promise(events: Sequence[Event]) -> str | None:
    """Say what is wrong with events that were let pass."""
    for before, event in itertools.pairwise(events):
        if event.at > before.at:
            return "events that are not sorted were let pass"
    if len({event.id for event in events}) != len(events):
        return "an event was let pass twice"
    for event in events:
        if event.at.tzinfo is None or event.at.microsecond:
            return "a date without a zone, or with a fraction, was let pass"
        if event.user_id != event.user_id.strip().lower():
            return "an id in another form was let pass"
    return None


def review_findings(number: int, *, seed: int) -> Iterator[Finding]:
    """Review portals so many times, one answer mutated each; yield what must not happen."""
    chance = random.Random(f"reviews {seed}")
    with tempfile.TemporaryDirectory(prefix="lastseen-fuzz-") as name:
        for case in _cases(seed, -(-number // A_CASE)):
            honest, requests = _honest(case, Path(name))
            for _ in range(min(A_CASE, number)):
                at = chance.randint(1, max(1, requests))
                yield from _mutated_review(case, Path(name), honest, at, chance)
            number -= A_CASE


def _cases(seed: int, number: int) -> Iterator[Case]:
    """Draw quiet and steady portals, to be reviewed once.

    Without crowds of one second that no page holds: whether those can be counted out is chance.
    """
    drawn = map(draw, itertools.count(seed))
    calm = (
        msgspec.structs.replace(
            case,
            faults={},
            steps=(Review(),),
            ties=tuple(tie for tie in case.ties if tie.size <= MOST_IN_A_SECOND),
            per_minute=None,
            machine_ahead=0.0,
        )
        for case in drawn
        if len(case.people) <= 60 and not case.is_hidden
    )
    return itertools.islice(calm, number)


def _honest(case: Case, folder: Path) -> tuple[Plan, int]:
    setting = Setting(case, folder)
    transport = setting.transport()
    return reviewed(setting, transport), transport.requests


def _mutated_review(
    case: Case, folder: Path, honest: Plan, at: int, chance: random.Random
) -> Iterator[Finding]:
    setting = Setting(case, folder)
    transport = setting.transport()
    mutation = _OneMutation(at, chance)
    transport.altered = mutation
    found = partial(
        Finding, where=f"portal {case.seed}, request {at}", mutation=mutation.name, body=b""
    )
    try:
        plan = reviewed(setting, transport)
    except LastseenError:
        return
    except Exception:  # noqa: BLE001 - anything else is what is looked for
        text = traceback.format_exc().strip().splitlines()[-1]
        yield found(text=text, mutation=mutation.name, body=mutation.body)
        return
    if mutation.tells_another_history:
        return
    before = {decision.user_id: decision for decision in honest.to_disable()}
    late = plan.now - honest.now > timedelta(0)
    known = {decision.user_id: decision for decision in honest.decisions}
    for decision in plan.to_disable():
        was = known.get(decision.user_id)
        # Asking again takes time, in which somebody may have crossed the window's edge.
        crossed = late and was is not None and was.reason in {"active", "recently-registered"}
        crossed = crossed and setting.is_away(decision.user_id or "", plan.now)
        if decision.user_id not in before and not crossed:
            text = f"{decision.user_id}: {decision.reason}, was {was.reason if was else 'unknown'}"
            yield found(text=text, mutation=mutation.name, body=mutation.body)


class _OneMutation:
    """Mutates the answer to one request."""

    def __init__(self, at: int, chance: random.Random) -> None:
        self.name = "none"
        self.body = b""
        self.tells_another_history = False
        self._at = at
        self._chance = chance

    def __call__(self, number: int, _: Request, response: Response) -> Response:
        if number != self._at:
            return response
        self.name, self.body = mutated(response.body, self._chance)
        self.tells_another_history = tells_another_history(response.body, self.body)
        return msgspec.structs.replace(response, body=self.body)


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m campaigns.fuzz")
    parser.add_argument("--bodies", type=int, default=BODIES, help=f"to be read ({BODIES:,})")
    parser.add_argument("--reviews", type=int, default=REVIEWS, help=f"with one each ({REVIEWS:,})")
    parser.add_argument("--seed", type=int, default=0)
    wanted = parser.parse_args(arguments)
    logging.getLogger("lastseen").setLevel(logging.CRITICAL)
    wrong = 0
    for what, number, findings in (
        ("bodies through the wire layer", wanted.bodies, wire_findings),
        ("reviews with one answer mutated", wanted.reviews, review_findings),
    ):
        began = time.monotonic()
        found = list(findings(number, seed=wanted.seed)) if number else []
        wrong += len(found)
        print(f"{number:,} {what}: {len(found)} wrong, {time.monotonic() - began:.0f} s")
        for text, many in Counter(one.text for one in found).most_common(SHOWN):
            first = next(one for one in found if one.text == text)
            print(f"  {many} times: {text} ({first.where}; {first.mutation}): {first.body[:300]!r}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
