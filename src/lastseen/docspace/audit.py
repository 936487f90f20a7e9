"""Pages of the two audit logs: what is asked, and what of the answer is checked.

A page is passed on as it came, or not at all. Whether pages follow one another without a gap, and
what an action means, is said by the evidence.
"""

from datetime import datetime, timedelta

import msgspec

from lastseen.docspace.dst_fold import may_be_repeated
from lastseen.docspace.http.error_text import Operation, Topic
from lastseen.docspace.http.request import Request
from lastseen.docspace.http.retry import Answer, RetryingClient
from lastseen.docspace.interface import EventPage, EventQuery
from lastseen.docspace.lenient_events import read_loose_events
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

_MOST_A_PAGE = 100
_GUID_LENGTH = 36
_REPEATED_HOUR = timedelta(hours=1)
_IN_PLAIN_IDS = b"0123456789abcdef-"


class _EventsEnvelope(Envelope, frozen=True, kw_only=True):
    response: list[Event]


_decoder = msgspec.json.Decoder(_EventsEnvelope)


async def sign_in_page(conversation: RetryingClient, query: EventQuery) -> EventPage:
    """Return one page of the sign-in log; raises PortalError, ValueError for an absurd query."""
    return await _page(conversation, SIGN_INS_PATH, "reading the sign-in log", query)


async def trail_page(conversation: RetryingClient, query: EventQuery) -> EventPage:
    """Return one page of the audit trail; raises PortalError, ValueError for an absurd query."""
    return await _page(conversation, TRAIL_PATH, "reading the audit trail", query)


def wire_date(moment: Instant) -> str:
    """Return an instant in the one form that the portal accepts for certain (ApiDateTime.cs).

    Three digits of a second: six, which Python prints by itself, are refused with a 400.
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
        events = read_loose_events(body)
        _check(events)
        return events
    check_success(quick)
    events = quick.response
    check_count(quick.count, events)
    if not _is_plain(events):
        _check(events)
    return events


async def _page(
    conversation: RetryingClient, path: str, attempted: str, query: EventQuery
) -> EventPage:
    if not 1 <= query.count <= _MOST_A_PAGE or query.start < 0:
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

    return await conversation.ask(request, Operation(attempted, Topic.LOGS), read)


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
    """Say whether quickly decoded events are as nearly all are: nothing to refuse or to change.

    Asks what `_check` asks, of all at once, which takes a third of the time.
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
        and not people.encode().translate(None, _IN_PLAIN_IDS)
        and len({event.id for event in events}) == len(events)
    )


def _check(events: list[Event]) -> None:
    """Raise MalformedResponse for events that no log holds; normalise ids and seconds.

    Times are let pass in any offset. Equal seconds have no order of their own.

    An autumn night has one hour twice, and the portal writes the first pass of it as the second
    (it takes each event into local time and back: TenantUtil.cs, ApiDateTime.cs), but sorts by the
    true time. So a page may run up once, by an hour at most, to an event that was written earlier,
    as its id shows, or whose date lies in such an hour: the trail gets its ids late. The events
    above tell that what follows happened no later than they did: their time is taken for it.
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
            raise MalformedResponse(f"event {event.id} has a number that is none of the portal's")
        if moment.microsecond:
            moment = whole_second(Instant(moment))
        if earlier is not None and written is not None and moment > earlier:
            rises += moment > written
            fell = event.id < events[place - 1].id or moment <= written
            is_allowed = rises <= 1 and moment - earlier <= _REPEATED_HOUR
            if not is_allowed or not (fell or may_be_repeated(moment)):
                raise MalformedResponse("it is not sorted from the newest event to the oldest")
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
        raise MalformedResponse("it brings the same event twice")
