"""What may go wrong between a portal and its client, each fault by name and at its own rate.

It draws which fault hits a request and spoils bodies that are given to it. Doing the damage to a
real connection is the server's business, deciding what was done before it the portal's.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from lastseen.simulator.endpoints.wire import Page
from lastseen.simulator.server.fault_names import NAMES

DEFAULT_RATE: Final = 0.05

_EXCLUSIVE = NAMES[: NAMES.index("slow")]


class UnknownFault(ValueError):
    """There is no fault of that name, or the rate is none."""


@dataclass(frozen=True, slots=True)
class FaultRates:
    """How likely each fault is on any one request, from 0 to 1."""

    rates: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> "FaultRates":
        """Read `reset,html-502:0.2`; a name without a rate gets `DEFAULT_RATE`."""
        rates: dict[str, float] = {}
        for part in filter(None, (part.strip() for part in text.split(","))):
            name, colon, rate = part.partition(":")
            try:
                rates[name] = float(rate) if colon else DEFAULT_RATE
            except ValueError:
                raise UnknownFault(f"not a rate: {part}") from None
        return cls.of(rates)

    @classmethod
    def of(cls, rates: Mapping[str, float]) -> "FaultRates":
        """Take rates by name; raises `UnknownFault`."""
        for name, rate in rates.items():
            if name not in NAMES:
                raise UnknownFault(f"no fault is called {name}; there are: {', '.join(NAMES)}")
            if not 0 <= rate <= 1:
                raise UnknownFault(f"a rate is from 0 to 1, not {rate}: {name}")
        return cls(dict(rates))


NO_FAULTS: Final = FaultRates()


@dataclass(frozen=True, slots=True)
class InjectedFault:
    """What befalls one request."""

    name: str | None = None
    """The fault that decides the answer, or `None`."""
    slow: bool = False
    skewed: bool = False
    undated: bool = False
    """Whether the answer has no `Date` header, as behind some proxies."""
    arrivals: bool = False
    deletions: bool = False


NO_MISHAP: Final = InjectedFault()


class Faults:
    """Draws mishaps from a seed, and spoils what is to be spoilt."""

    def __init__(self, rates: FaultRates, chance: random.Random) -> None:
        """Take the rates, and the source of chance, which belongs to the faults alone."""
        self.rates = rates
        self.chance = chance
        # One portal's clock is wrong by one amount, in either direction.
        self.skew_seconds = chance.choice((-1, 1)) * chance.randint(301, 7200)
        self.happened: dict[str, int] = {}
        """How often each fault has hit so far."""

    def draw(self, method: str) -> InjectedFault:
        """Say what befalls the next request."""
        rates = self.rates.rates
        if not rates:
            return NO_MISHAP
        drawn = [(name, rate) for name, rate in rates.items() if rate and name != "nameless"]
        hit = [name for name, rate in drawn if self.chance.random() < rate]
        if not hit:
            return NO_MISHAP
        possible = [name for name in _EXCLUSIVE if name in hit]
        out_of_place = "unsaved" if method == "GET" else "cut-page"
        if out_of_place in possible:
            possible.remove(out_of_place)
        deciding = possible[0] if possible else None
        for name in hit:
            if name == deciding or name not in _EXCLUSIVE:
                self.happened[name] = self.happened.get(name, 0) + 1
        return InjectedFault(
            name=deciding,
            slow="slow" in hit,
            skewed="clock-skew" in hit,
            undated="no-date" in hit,
            arrivals="arrivals" in hit,
            deletions="deletions" in hit,
        )

    def seconds_of_slowness(self) -> float:
        """How long a slow answer takes."""
        return self.chance.uniform(0.2, 2.0)

    def retry_after(self) -> int:
        """How many seconds a 429 asks for."""
        return self.chance.randint(1, 3)

    def cut_page(self, page: Page) -> Page:
        """Leave some items out, from either end or from within; `count` agrees, `total` stays."""
        size = len(page.items)
        if size == 0:
            return page
        missing = set(self._missing(size))
        kept = [item for index, item in enumerate(page.items) if index not in missing]
        return Page(kept, total=page.total, count=None if page.count is None else len(kept))

    def _missing(self, size: int) -> Sequence[int]:
        number = self.chance.randint(1, max(1, size // 2))
        where = self.chance.randrange(3)
        if where == 0:
            return range(number)
        if where == 1:
            return range(size - number, size)
        return self.chance.sample(range(size), number)

    def truncate(self, body: bytes) -> bytes:
        """Cut a body somewhere before its end."""
        return body[: self.chance.randrange(len(body))] if body else body

    def empty(self, body: bytes) -> bytes:
        """Give no body at all, or an envelope that holds nothing."""
        if self.chance.random() < 0.5:
            return b""
        return b'{"response":[],"count":0,"links":[],"status":0,"statusCode":200}'

    def other_shape(self, body: bytes) -> bytes:
        """Give JSON that is well-formed and not what was asked for."""
        return self.chance.choice(_SHAPES)(body)


def _as_object(_: bytes) -> bytes:
    return b'{"response":{"items":[]},"count":1,"status":0,"statusCode":200}'


def _as_text(_: bytes) -> bytes:
    return b'{"response":"ok","count":1,"status":0,"statusCode":200}'


def _as_bare_list(_: bytes) -> bytes:
    return b"[]"


def _without_response(_: bytes) -> bytes:
    return b'{"status":0,"statusCode":200}'


def _as_null(_: bytes) -> bytes:
    return b"null"


def _without_ids(body: bytes) -> bytes:
    return _changed(body, lambda item: {name: item[name] for name in item if name != "id"})


def _with_other_types(body: bytes) -> bytes:
    return _changed(body, lambda item: {**item, "id": [], "date": 5, "status": {}})


_SHAPES: Final[Sequence[Callable[[bytes], bytes]]] = (
    _as_object,
    _as_text,
    _as_bare_list,
    _without_response,
    _as_null,
    _without_ids,
    _with_other_types,
)


def _changed(body: bytes, change: Callable[[dict[str, object]], dict[str, object]]) -> bytes:
    envelope = msgspec.json.decode(body)
    items = envelope["response"]
    if isinstance(items, dict):
        envelope["response"] = change(items)
    elif items:
        envelope["response"] = [change(item) for item in items]
    else:
        return _as_text(body)
    return msgspec.json.encode(envelope)
