"""Sends requests until they are answered properly: retries, the shared pause, clock and counts.

The caller passes the function that reads an answer; the transport sends the request. Errors
are ready for people when they leave here, without any of a request's headers.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar
from urllib.parse import urlencode

import msgspec
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type

from lastseen.docspace.http.clock_skew import PortalClock
from lastseen.docspace.http.error_text import ErrorText, Operation, Topic
from lastseen.docspace.http.limiter import Limiter
from lastseen.docspace.http.limits import Limits
from lastseen.docspace.http.log_budget import LogBudget
from lastseen.docspace.http.request import (
    AnswerTooLarge,
    ConnectionFailure,
    ConnectionLost,
    Request,
    Response,
    Runtime,
    Transport,
    UnreadableBody,
)
from lastseen.docspace.http.response_hints import is_web_page, retry_after_seconds
from lastseen.docspace.interface import NOT_FOUND, TOO_MANY_REQUESTS, Traffic
from lastseen.docspace.wire import MalformedResponse, failure
from lastseen.model.errors import PortalError
from lastseen.model.instant import Clock, Instant

T = TypeVar("T")

_LOG = logging.getLogger("lastseen.docspace")
_PROGRESS = logging.getLogger("lastseen.progress")

_UNREADABLE_TRIES = 4
"""How often a request is sent at most whose answers can't be read."""

_FIRST_CONTACT_TRIES = 2
"""How often a request is sent at most before anything has answered as a portal: the address may be
wrong."""

_FINAL_FAILURES = frozenset(
    {
        ConnectionFailure.CERTIFICATE,
        ConnectionFailure.NOT_TLS,
        ConnectionFailure.PROXY_LOGIN,
    }
)
"""Failures that another attempt doesn't change."""

_SILENCE_SECONDS = 3.0
"""After this long without a first answer, a note says what is being waited for."""

_LONGEST_BACKOFF_SECONDS = 15.0

_PASSING = frozenset({408, 425})
"""Statuses below 500 with which something in between asks to try again."""


class Answer(msgspec.Struct, frozen=True):
    """A good answer, not yet read."""

    body: bytes
    sent_at: Instant
    """When the request was sent, by the machine's clock."""
    answered_at: Instant
    """When the answer was complete, by the machine's clock."""
    portal_time: Instant | None
    """The portal's clock, if the answer gives it."""
    absent: bool = False
    """The portal's own 404: there is no such thing (only if the operation allows it)."""


class _RetryableError(Exception):
    """This attempt failed in a way that may not recur; `tries` is how many are worthwhile."""

    def __init__(self, error: PortalError, *, tries: int, backoff: bool = True) -> None:
        super().__init__()
        self.error = error
        self.tries = tries
        self.backoff = backoff


class RetryingClient:
    """Sends all requests to one portal."""

    def __init__(
        self,
        transport: Transport,
        error_text: ErrorText,
        *,
        clock: Clock,
        limits: Limits,
        runtime: Runtime,
    ) -> None:
        """Start with nothing sent."""
        self._transport = transport
        self._error_text = error_text
        self._clock = clock
        self._limits = limits
        self._runtime = runtime
        self._limiter = Limiter(limits, runtime)
        self._portal_clock = PortalClock()
        self._requests = 0
        self._retries = 0
        self._throttled = 0
        self._ever_answered = False
        self._silence_noted = False
        self._log_budget = LogBudget(limits, error_text, runtime.monotonic)

    @property
    def traffic(self) -> Traffic:
        """The requests so far."""
        return Traffic(requests=self._requests, retries=self._retries, throttled=self._throttled)

    @property
    def largest_skew_seconds(self) -> float:
        """The largest difference between the clocks so far."""
        return self._portal_clock.largest_skew_seconds

    @property
    def tells_its_time(self) -> bool:
        """Whether any answer so far had a `Date` header that can be read."""
        return self._portal_clock.is_known

    @property
    def concurrency(self) -> int:
        """How many GETs should be started at once now."""
        return self._limiter.wanted

    async def ask(self, request: Request, operation: Operation, read: Callable[[Answer], T]) -> T:
        """Return the result of `read` on the answer, retrying if that may help.

        A GET is retried after 429, 5xx, connection failure, time-out and an unreadable answer;
        anything else only if it can't have reached the portal, or after a 429, which says that
        nothing was done. `read` raises MalformedResponse for an answer of the wrong shape.

        Raises PortalRefused, PortalUnreachable or PortalUnreadable; also PortalUnreadable if a log
        takes more requests or time than that many days of a portal of this size can need.
        """
        if operation.topic is Topic.LOGS:
            self._log_budget.spend(operation)
        trouble: _RetryableError | PortalError
        try:
            return await self._attempt(request, operation, read)  # enough nearly always
        except (_RetryableError, PortalError) as first:
            trouble = first
        try:
            if isinstance(trouble, _RetryableError):
                return await self._retry(trouble, request, operation, read)
        except (_RetryableError, PortalError) as last:
            trouble = last
        # The frames below hold what the server sent, which may repeat the key.
        error = trouble.error if isinstance(trouble, _RetryableError) else trouble
        raise error.with_traceback(None)

    def expect_people(self, number: int, operation: Operation) -> None:
        """Raise the limits to what a portal with that many people may need.

        Raises PortalUnreadable if no portal has that many.
        """
        self._log_budget.expect_people(number, operation)

    def expect_days(self, number: float) -> None:
        """Raise the limits for the logs to what that many days may need."""
        self._log_budget.expect_days(number)

    @property
    def logs_are_nearly_spent(self) -> bool:
        """Whether the requests or the time for the logs are running out."""
        return self._log_budget.is_nearly_spent

    async def close(self) -> None:
        """Release the limiter."""
        await self._limiter.close()

    async def _retry(
        self,
        trouble: _RetryableError,
        request: Request,
        operation: Operation,
        read: Callable[[Answer], T],
    ) -> T:
        """Retry until it succeeds or is no longer worthwhile; `trouble` is the first failure."""
        failed = [trouble]

        async def attempt() -> T:
            if failed:
                raise failed.pop()
            return await self._attempt(request, operation, read)

        retrying = AsyncRetrying(
            retry=retry_if_exception_type(_RetryableError),
            stop=_enough,
            wait=self._backoff,
            before_sleep=lambda state: self._note_retry(state, operation),
            sleep=self._runtime.sleep,
            reraise=True,
        )
        return await retrying(attempt)

    async def _attempt(
        self, request: Request, operation: Operation, read: Callable[[Answer], T]
    ) -> T:
        outcome = await self._exchange(request, operation)
        if isinstance(outcome, Exception):
            raise outcome
        response, answer = outcome
        status, reason = response.status, ""
        if 200 <= status < 300:
            try:
                return read(answer)
            except MalformedResponse as unreadable:
                reason = str(unreadable) or "it is not the expected answer"
        portal_error = failure(response.body)
        if reason:
            # Something in between may send an error's envelope under a status of 200.
            if portal_error is None or portal_error.status < 400:
                error = self._error_text.unreadable(operation, reason)
                raise self._retry_unless_written(request, error, tries=_UNREADABLE_TRIES)
            status = portal_error.status
        if status == NOT_FOUND and portal_error is not None and operation.may_be_absent:
            return read(msgspec.structs.replace(answer, absent=True))
        raise self._refusal(request, operation, status, response)

    async def _exchange(
        self, request: Request, operation: Operation
    ) -> tuple[Response, Answer] | Exception:
        """Send once, within the limits, and learn from the answer's headers.

        Failures are returned, not raised, so that no error of the network is chained to them.
        """
        writing = request.method != "GET"
        await self._limiter.enter(writing=writing)
        response: Response | None = None
        try:
            self._requests += 1
            sent_at = self._clock()
            began = self._runtime.monotonic()
            try:
                with self._first_contact(operation):
                    response = await self._transport.send(request)
            except ConnectionLost as lost:
                return self._after_loss(request, operation, lost)
            except UnreadableBody as unreadable:
                self._log(request, "unreadable", began)
                return self._error_text.unreadable(operation, unreadable.reason)
            except AnswerTooLarge:
                self._log(request, "too large", began)
                error = self._error_text.unreadable(
                    operation, f"it is larger than {self._limits.largest_answer_bytes:,} bytes"
                )
                return self._retry_unless_written(request, error, tries=2)
            answered_at = self._clock()
            self._ever_answered = True
            if _LOG.isEnabledFor(logging.DEBUG):
                self._log(request, str(response.status), began)
            portal_time = self._portal_clock.read(response.headers)
            if portal_time is not None:
                self._portal_clock.compare(portal_time, sent_at=sent_at, answered_at=answered_at)
            seconds = self._runtime.monotonic() - began
            self._learn(request, response, seconds, portal_time or answered_at)
            return response, Answer(response.body, sent_at, answered_at, portal_time)
        finally:
            counted = response is None or response.status != TOO_MANY_REQUESTS
            self._limiter.leave(writing=writing, counted=counted)

    @contextmanager
    def _first_contact(self, operation: Operation) -> Iterator[None]:
        """Say what is being waited for if a portal that has never answered stays silent."""
        if self._ever_answered:
            yield
            return
        loop = asyncio.get_running_loop()
        waiting = loop.call_later(_SILENCE_SECONDS, self._note_silence, operation)
        try:
            yield
        finally:
            waiting.cancel()

    def _note_silence(self, operation: Operation) -> None:
        """Say it once, though several requests wait."""
        if not self._silence_noted:
            _PROGRESS.warning(
                "still waiting for the portal's first answer (%s)", operation.attempted
            )
        self._silence_noted = True

    def _after_loss(
        self, request: Request, operation: Operation, lost: ConnectionLost
    ) -> PortalError | _RetryableError:
        _LOG.debug("%s %s: %s", request.method, request.path, lost.failure.value)
        error = self._error_text.lost(operation, lost)
        if lost.failure in _FINAL_FAILURES:
            return error
        if lost.sent and lost.failure is ConnectionFailure.TIMEOUT:
            self._limiter.troubled(writing=request.method != "GET")
        tries = self._limits.tries
        stranger = not lost.sent or lost.failure is ConnectionFailure.NOT_HTTP
        if not self._ever_answered and stranger:
            tries = min(tries, _FIRST_CONTACT_TRIES)
        if not lost.sent:
            return _RetryableError(error, tries=tries)
        return self._retry_unless_written(request, error, tries=tries)

    def _learn(
        self, request: Request, response: Response, seconds: float, portal_now: Instant
    ) -> None:
        writing = request.method != "GET"
        headers = response.headers
        if response.status != TOO_MANY_REQUESTS and response.status < 500:
            self._limiter.answered(
                seconds, headers, writing=writing, portal_now=portal_now.timestamp()
            )
            return
        self._throttled += response.status == TOO_MANY_REQUESTS
        pause = retry_after_seconds(headers, portal_now)
        if pause is not None and pause > self._limits.longest_pause_seconds:
            return  # an allowance of another kind: this request fails, others may still pass
        if response.status == TOO_MANY_REQUESTS:
            self._limiter.refused(headers, writing=writing, retry_after=pause)
        else:
            self._limiter.troubled(writing=writing, retry_after=pause)

    def _refusal(
        self, request: Request, operation: Operation, status: int, response: Response
    ) -> PortalError | _RetryableError:
        """Return what an error status means, and whether to retry."""
        portal_error = failure(response.body)
        error = self._error_text.refused(
            operation,
            status,
            portal_error.message if portal_error is not None else "",
            location=response.headers.get("Location", ""),
            is_foreign=portal_error is None and is_web_page(response),
        )
        if status == TOO_MANY_REQUESTS:
            now = self._portal_clock.read(response.headers) or self._clock()
            seconds = retry_after_seconds(response.headers, now) or 0.0
            if seconds > self._limits.longest_pause_seconds:
                return self._error_text.postponed(operation, seconds, now)
            # The limiter holds everyone back until then: no extra wait on top.
            return _RetryableError(error, tries=self._limits.tries, backoff=not seconds)
        if status >= 500 or status in _PASSING:
            return self._retry_unless_written(request, error, tries=self._limits.tries)
        return error

    def _retry_unless_written(
        self, request: Request, error: PortalError, *, tries: int
    ) -> PortalError | _RetryableError:
        """Return `error` as one to retry, but as final if a change may have been made."""
        if request.method != "GET":
            return error
        return _RetryableError(error, tries=min(tries, self._limits.tries))

    def _backoff(self, state: RetryCallState) -> float:
        trouble = _trouble(state)
        chance = self._runtime.random()
        if not trouble.backoff:
            return 0.05 * chance
        longest = min(_LONGEST_BACKOFF_SECONDS, 0.5 * 2.0 ** (state.attempt_number - 1))
        return longest * (0.5 + 0.5 * chance)

    def _note_retry(self, state: RetryCallState, operation: Operation) -> None:
        self._retries += 1
        trouble = _trouble(state)
        _LOG.warning(
            "%s: %s; retrying (attempt %d of %d)",
            operation.attempted,
            trouble.error.found,
            state.attempt_number + 1,
            trouble.tries,
        )

    def _log(self, request: Request, outcome: str, began: float) -> None:
        milliseconds = (self._runtime.monotonic() - began) * 1000
        query = f"?{urlencode(request.query)}" if request.query else ""
        _LOG.debug(
            "%s %s%s: %s, %.0f ms", request.method, request.path, query, outcome, milliseconds
        )


def _trouble(state: RetryCallState) -> _RetryableError:
    outcome = state.outcome.exception() if state.outcome is not None else None
    if not isinstance(outcome, _RetryableError):
        raise TypeError("retried for no reason")
    return outcome


def _enough(state: RetryCallState) -> bool:
    return state.attempt_number >= _trouble(state).tries
