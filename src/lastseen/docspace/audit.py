"""Pages of the two audit logs: the requests, and the checks on the answers.

A page is passed on unchanged or not at all. Whether pages leave a gap between them, and what an
action means, is decided in `evidence`.
"""

from datetime import datetime, timedelta

import msgspec

from lastseen.docspace.dst_fold import may_be_repeated
from lastseen.docspace.http.error_text import Operation, Topic
from lastseen.docspace.http.request import Request
from lastseen.docspace.http.retry import Answer, RetryingClient
from lastseen.docspace.interface import MOST_A_PAGE, EventPage, EventQuery
from lastseen.docspace.lenient_events import read_lenient_events
from lastseen.docspace.wire import (
    EARLIEST_YEAR,
    TOO_LATE_A_YEAR,
    Envelope,
    MalformedResponse,
    check_count,
    check_success,
    check_year,
)
from lastseen.model.contractor import user_id
from lastseen.model.instant import Instant, whole_second
from lastseen.model.sighting import Event

SIGN_INS_PATH = "/api/2.0/security/audit/login/filter"
TRAIL_PATH = "/api/2.0/security/audit/events/filter"

_GUID_LENGTH = 36
_REPEATED_HOUR = timedelta(hours=1)
_IN_PLAIN_IDS = b"0123456789abcdef-"


class _EventsEnvelope(Envelope, frozen=True, kw_only=True):
    response: list[Event]


_decoder = msgspec.json.Decoder(_EventsEnvelope)


async def sign_in_page(client: RetryingClient, query: EventQuery) -> EventPage:
    """Return one page of the sign-in log; raises PortalError, ValueError for an invalid query."""
    return await _page(client, SIGN_INS_PATH, "reading the sign-in log", query)


async def trail_page(client: RetryingClient, query: EventQuery) -> EventPage:
    """Return one page of the audit trail; raises PortalError, ValueError for an invalid query."""
    return await _page(client, TRAIL_PATH, "reading the audit trail", query)


def wire_date(moment: Instant) -> str:
    """Return an instant in a form that the portal always accepts (ApiDateTime.cs).

    Milliseconds: the six digits that Python prints by default are refused with a 400.
    """
    text = moment.replace(tzinfo=None).isoformat(timespec="milliseconds")
    return f"{text}Z"


def read_events(body: bytes) -> list[Event]:
    """Return a page's events, newest first, ids in lower case; raises MalformedResponse."""
    quick: _EventsEnvelope | None = None
    try:
        quick = _decoder.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError, OverflowError):
        quick = None
    if quick is None:
        events = read_lenient_events(body)
        _check(events)
        return events
    check_success(quick)
    events = quick.response
    check_count(quick.count, events)
    if not _is_plain(events):
        if not all(event.user_id for event in events):
            # Left out, or empty as the portal writes it for an unknown user: only the other
            # reader can tell, and refuses the former.
            events = read_lenient_events(body)
        _check(events)
    return events


async def _page(client: RetryingClient, path: str, attempted: str, query: EventQuery) -> EventPage:
    if not 1 <= query.count <= MOST_A_PAGE or query.start < 0:
        raise ValueError(f"no page has {query.count} events from {query.start} on")
    request = Request(method="GET", path=path, query=_pairs(query))

    def read(answer: Answer) -> EventPage:
        return EventPage(
            query=query,
            events=read_events(answer.body),
            sent_at=answer.sent_at,
            answered_at=answer.answered_at,
            portal_time=answer.portal_time,
        )

    return await client.ask(request, Operation(attempted, Topic.LOGS), read)


def _pairs(query: EventQuery) -> tuple[tuple[str, str], ...]:
    pairs = [("startIndex", str(query.start)), ("count", str(query.count))]
    if query.user_id is not None:
        pairs.append(("userId", query.user_id))
    if query.action_id is not None:
        pairs.append(("action", str(query.action_id)))
    if query.since is not None:
        pairs.append(("from", wire_date(query.since)))
    if query.until is not None:
        pairs.append(("to", wire_date(query.until)))
    return tuple(pairs)


def _is_plain(events: list[Event]) -> bool:
    """Return whether nothing about these events needs to be refused or normalised, as usual.

    Makes the checks of `_check` on all events at once, in a third of the time.
    """
    times = [event.at for event in events if not event.at.microsecond]
    if not times:
        return not events
    people = "".join([event.user_id for event in events])
    return (
        len(times) == len(events)
        and times == sorted(times, reverse=True)
        and times[0].year < TOO_LATE_A_YEAR
        and times[-1].year >= EARLIEST_YEAR
        and len(people) == _GUID_LENGTH * len(events)
        and not people.encode().translate(None, _IN_PLAIN_IDS)
        and len({event.id for event in events}) == len(events)
    )


def _check(events: list[Event]) -> None:
    """Raise MalformedResponse for events that no log can hold; normalise ids and seconds.

    Times may have any offset. Events of the same second have no order of their own.

    When clocks go back, one hour occurs twice. The portal converts each event to local time and
    back (TenantUtil.cs, ApiDateTime.cs), so it shows the first pass of that hour as the second,
    but it sorts by the true time. A page may therefore go up once, by an hour at most, to an event
    that was written earlier, as its id shows, or whose date is in such an hour (the trail assigns
    ids late). The events above it prove that it happened no later than they did, so it takes their
    time.
    """
    earlier: datetime | None = None
    written: datetime | None = None
    rises = 0
    for place, event in enumerate(events):
        moment = event.at
        if moment.tzinfo is None:
            raise MalformedResponse(f"event {event.id} has a date without a time zone")
        check_year(moment)
        if not -(2**31) <= event.action_id < 2**31 or not -(2**63) <= event.id < 2**63:
            raise MalformedResponse(f"event {event.id} has a number that no portal writes")
        if moment.microsecond:
            moment = whole_second(Instant(moment))
        if earlier is not None and written is not None and moment > earlier:
            rises += moment > written
            fell = event.id < events[place - 1].id or moment <= written
            is_allowed = rises <= 1 and moment - earlier <= _REPEATED_HOUR
            if not is_allowed or not (fell or may_be_repeated(moment)):
                raise MalformedResponse("it is not sorted from newest to oldest")
            written, moment = moment, earlier
        else:
            written = moment
        earlier = moment
        person = event.user_id
        if len(person) != _GUID_LENGTH or person.lower() != person:
            person = user_id(person)
        if person is not event.user_id or moment is not event.at:
            events[place] = msgspec.structs.replace(event, at=moment, user_id=person)
    if len({event.id for event in events}) != len(events):
        raise MalformedResponse("it has the same event twice")
