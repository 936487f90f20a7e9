"""One portal's job, from its configuration to its outcome: opens the portal, reviews or runs.

Reads as its sentence. Whatever goes wrong on this portal becomes an outcome of this portal; the
same code works in a worker's thread and in a process of its own.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Mapping

import msgspec

from lastseen.api import (
    Clock,
    ExitCode,
    GuardrailStopped,
    Instant,
    LastseenError,
    Ledger,
    LedgerError,
    Limits,
    LockHeld,
    NotApplied,
    Plan,
    Portal,
    PortalError,
    PortalLedger,
    Receipt,
    RosterError,
    RunOptions,
    RunResult,
    Settings,
    open_portal,
    open_roster,
    review,
    run,
    settings_from,
)
from lastseen.config.logging import hide, scrubbed
from lastseen.fleet.configuration import FleetPortal
from lastseen.fleet.job_result import figures_of, result_after, state_of
from lastseen.fleet.order import JobOrder
from lastseen.fleet.outcome import Figures, JobOutcome
from lastseen.fleet.references import resolve
from lastseen.fleet.schedule import PORTALS_ZONE
from lastseen.model.fleet import PortalState

_LOG = logging.getLogger("lastseen.fleet")


class JobContext(msgspec.Struct, frozen=True, kw_only=True):
    """What a job uses."""

    ledger: Ledger
    """The fleet's ledger."""
    environ: Mapping[str, str]
    """Only resolves `env:` references to API keys."""
    clock: Clock
    """The machine's clock."""
    time_limit_seconds: float
    """How long the job may take."""
    per_minute: int | None
    """How many requests a minute it may send; None: as many as the portal allows."""
    stop: asyncio.Event
    """Set when the worker ends: the current step is finished, the rest is skipped."""


async def carry_out(order: JobOrder, entry: FleetPortal, context: JobContext) -> JobOutcome:
    """Run `order` on the portal that `entry` configures, and return the outcome.

    Raises LockHeld if another run holds the portal's lock, LedgerError if the ledger can't be used:
    neither is this portal's fault. After a cancellation the ledger keeps what was read and begun,
    and the next job continues from there.
    """
    work = _Work(order, entry, context)
    try:
        async with asyncio.timeout(context.time_limit_seconds):
            await work.do()
    except TimeoutError:
        minutes = context.time_limit_seconds / 60
        return work.failed(
            PortalState.FAILED,
            f"it took longer than {minutes:g} minutes; the next job continues where it stopped",
            ExitCode.INCOMPLETE,
        )
    except (LockHeld, LedgerError):
        raise
    except GuardrailStopped as error:
        return work.guarded(error)
    except PortalError as error:
        return work.failed(state_of(error), _sentence(error), error.exit_code)
    except RosterError as error:
        return work.failed(PortalState.REFUSED, _sentence(error), error.exit_code)
    except LastseenError as error:
        return work.failed(PortalState.FAILED, _sentence(error), error.exit_code)
    return work.ended()


class _Work:
    """One running job: keeps what is known so far, so that it can report an outcome at any time."""

    def __init__(self, order: JobOrder, entry: FleetPortal, context: JobContext) -> None:
        self._order = order
        self._entry = entry
        self._context = context
        self._began = time.monotonic()
        self._requests = 0
        self._ledger: PortalLedger | None = None
        self._plan: Plan | None = None
        self._key_expires_at: Instant | None = None
        self._portal_zone: str | None = None
        self._result: RunResult | None = None

    async def do(self) -> None:
        """Open the portal and run the command."""
        context, entry = self._context, self._entry
        settings = settings_from(entry.tables)
        key = resolve(
            entry.api_key,
            context.environ,
            portal=entry.name,
            portal_url=settings.portal.url,
        )
        hide(key)
        self._ledger = context.ledger.portal(settings.portal.url)
        async with open_portal(
            settings.portal.url,
            key,
            clock=context.clock,
            limits=Limits(per_minute=context.per_minute),
            disabled_status=settings.portal.disabled_status,
        ) as portal:
            try:
                await self._review_or_run(portal, self._ledger, settings)
                await self._ask_about_the_portal(portal)
            finally:
                self._requests = portal.traffic.requests

    async def _ask_about_the_portal(self, portal: Portal) -> None:
        """Find out when the key expires and the portal's time zone, if the portal says so."""
        with contextlib.suppress(PortalError):
            own = await portal.own_key()
            self._key_expires_at = own.expires_at if own is not None else None
        schedule = self._entry.schedule
        if schedule is not None and schedule.time_zone == PORTALS_ZONE:
            with contextlib.suppress(PortalError):
                self._portal_zone = await portal.time_zone()

    async def _review_or_run(
        self, portal: Portal, ledger: PortalLedger, settings: Settings
    ) -> None:
        progress = _LoggedNotes()
        roster = open_roster(settings.roster)
        if self._order.command == "review":
            with ledger.lock("review"):
                self._plan = await review(
                    portal,
                    roster,
                    ledger=ledger,
                    policy=settings.policy,
                    clock=self._context.clock,
                    reconcile=settings.roster.reconcile,
                    log_silence_days=settings.guardrails.log_silence_days,
                    progress=progress,
                )
            return
        self._result = await run(
            portal,
            roster,
            ledger=ledger,
            policy=settings.policy,
            options=RunOptions(
                guardrails=settings.guardrails,
                max_disable=self._order.max_disable,
                first_run_applies=self._order.first_run_applies,
                only_report=not self._order.agreed,
                reconcile=settings.roster.reconcile,
            ),
            clock=self._context.clock,
            progress=progress,
            stop=self._context.stop,
        )
        self._plan = self._result.plan

    def ended(self) -> JobOutcome:
        """Return the outcome of a job that finished."""
        assert self._plan is not None
        result = result_after(self._plan, self._receipts())
        return self._outcome(
            result.state, result.exit_code, figures=result.figures, error=self._why_not()
        )

    def guarded(self, error: GuardrailStopped) -> JobOutcome:
        """Return the outcome of a run that a guardrail stopped, with its plan's figures."""
        self._plan = error.plan
        figures = figures_of(error.plan, ()) if error.plan is not None else None
        return self._outcome(
            PortalState.GUARDRAIL, error.exit_code, figures=figures, error=_sentence(error)
        )

    def failed(self, state: PortalState, error: str, code: int) -> JobOutcome:
        """Return the outcome of a job that did not finish."""
        return self._outcome(state, code, figures=None, error=error)

    def _outcome(
        self, state: PortalState, code: int, *, figures: Figures | None, error: str | None
    ) -> JobOutcome:
        plan, receipts = self._plan, self._receipts()
        return JobOutcome(
            portal=self._entry.name,
            command=self._order.command,
            state=state,
            finished_at=self._context.clock(),
            seconds=time.monotonic() - self._began,
            requests=self._requests,
            exit_code=int(code),
            figures=figures,
            whole=figures is not None and plan is not None and plan.evidence.complete,
            error=None if error is None else scrubbed(error),
            key_expires_at=self._key_expires_at,
            portal_zone=self._portal_zone,
            run_id=receipts[-1].run_id if receipts else plan.plan_id if plan else None,
        )

    def _receipts(self) -> tuple[Receipt, ...]:
        result = self._result
        if result is None:
            return ()
        return (*result.finished, *((result.receipt,) if result.receipt else ()))

    def _why_not(self) -> str | None:
        """Return why a run changed nobody, or None if it did or was not meant to."""
        if self._result is None or self._result.applied:
            return None
        if self._result.cause is NotApplied.NOT_AGREED:
            return "nobody has agreed to changes, so it only reported"
        return self._result.why_not


def _sentence(error: LastseenError) -> str:
    return f"{error.attempted}: {error.found}"


class _LoggedNotes:
    """Progress that logs notes for people, and no steps."""

    def step(self, stage: str, done: int, total: int | None = None) -> None:
        """Log nothing: hundreds of portals would each log their steps."""

    def note(self, text: str) -> None:
        """Log `text`."""
        _LOG.warning("%s", text)
