"""Processes that die at a chosen step: what the campaign of kills and its tests wrap things in.

A step is a call that asks the portal or writes the ledger. Death comes before or after the call
is carried out. In process it is an exception that nothing in Lastseen catches, after which every
further call dies as well; or it is SIGKILL. Knows nothing of what is checked afterwards.
"""

import asyncio
import inspect
import os
import signal
from collections.abc import Callable, Coroutine
from typing import Any, Literal, TypeVar

_Result = TypeVar("_Result")

PORTAL_STEPS = frozenset(
    {
        "whoami",
        "person",
        "people",
        "people_within",
        "count_people",
        "sign_ins",
        "trail",
        "retention",
        "administration",
        "set_status",
        "end_sessions",
    }
)
"""Everything that is asked of a portal."""

JOURNAL_STEPS = frozenset({"append"})
RUN_STEPS = frozenset({"begin", "finish", "keep_plan", "keep_receipt"})
ACCOUNT_STEPS = frozenset({"note", "note_disabled", "note_reinstated"})
EVIDENCE_STEPS = frozenset({"keep"})

Moment = Literal["before", "after"]


class Killed(BaseException):
    """The process is dead; nothing it does has any effect any more."""


class Life:
    """Counts steps and ends at one of them."""

    def __init__(
        self,
        *,
        death_at: int | None = None,
        call: str | None = None,
        moment: Moment = "before",
        die: Callable[[], None] | None = None,
    ) -> None:
        """Die at step `death_at`, counted from 0; None lives on.

        `call` counts only the calls of that method; None all steps. `die` is how: None raises.
        """
        self.steps = 0
        self.names: list[str] = []
        self.dead = False
        self._death_at = death_at
        self._call = call
        self._moment = moment
        self._die = die or self._raise

    def before(self, name: str) -> int:
        """Note that a step begins; returns its number."""
        if self.dead:
            raise Killed
        number = self.names.count(name) if self._call else self.steps
        self.steps += 1
        self.names.append(name)
        if self._call not in (None, name):
            number = -1
        self._perhaps_die(number, "before")
        return number

    def after(self, number: int) -> None:
        """Note that a step was carried out."""
        if self.dead:
            raise Killed
        self._perhaps_die(number, "after")

    def _perhaps_die(self, number: int, moment: Moment) -> None:
        if number == self._death_at and moment == self._moment:
            self._die()

    def _raise(self) -> None:
        self.dead = True
        raise Killed


def kill_this_process() -> None:
    """Die as `kill -9` makes a process die."""
    os.kill(os.getpid(), signal.SIGKILL)


class Mortal:
    """Something whose named methods are steps of a life; everything else is passed through."""

    def __init__(self, inner: Any, life: Life, steps: frozenset[str]) -> None:
        """Let each call of a method named in `steps` be a step of `life`."""
        self._inner = inner
        self._life = life
        self._steps = steps

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in self._steps:
            return found
        return (
            self._asked(name, found)
            if inspect.iscoroutinefunction(found)
            else (self._called(name, found))
        )

    def _called(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def step(*values: Any, **named: Any) -> Any:
            number = self._life.before(name)
            result = method(*values, **named)
            self._life.after(number)
            return result

        return step

    def _asked(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        async def step(*values: Any, **named: Any) -> Any:
            number = self._life.before(name)
            result = await method(*values, **named)
            self._life.after(number)
            return result

        return step


class MortalLedger(Mortal):
    """A portal's ledger all of whose writes are steps of a life."""

    def __init__(self, inner: Any, life: Life) -> None:
        """Wrap the stores that carrying out writes to."""
        super().__init__(inner, life, frozenset())
        self.journal = Mortal(inner.journal, life, JOURNAL_STEPS)
        self.runs = Mortal(inner.runs, life, RUN_STEPS)
        self.accounts = Mortal(inner.accounts, life, ACCOUNT_STEPS)
        self.evidence = Mortal(inner.evidence, life, EVIDENCE_STEPS)


def mortal_portal(portal: Any, life: Life) -> Any:
    """Return `portal`, every request of which is a step of `life`."""
    return Mortal(portal, life, PORTAL_STEPS)


def until_death(work: Coroutine[Any, Any, _Result]) -> _Result:
    """Run `work` as `asyncio.run` does, silent about whatever else died with it."""
    with asyncio.Runner() as runner:
        runner.get_loop().set_exception_handler(lambda _loop, _context: None)
        return runner.run(work)
