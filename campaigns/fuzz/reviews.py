"""Whole reviews of simulated portals in which one answer is mutated and all others are honest.

Only a LastseenError may come out, and no decision to disable that the honest portal would not have
given, unless the answer is one that a portal with another history would have sent.
"""

import itertools
import random
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import msgspec

from campaigns.fuzz.finding import Finding, last_words
from campaigns.mutations import mutated, tells_another_history
from campaigns.safety.cases import Case, Review
from campaigns.safety.generator import draw
from campaigns.safety.provable_coverage import MOST_IN_A_SECOND
from campaigns.safety.setting import Setting, reviewed
from lastseen.docspace.http.request import Request, Response
from lastseen.model.errors import LastseenError
from lastseen.model.plan import Plan

A_CASE = 10
"""Reviews of one portal with one answer mutated each."""


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
        yield found(text=last_words(), mutation=mutation.name, body=mutation.body)
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
