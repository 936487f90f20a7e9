"""What administrators did to people, according to the trail: pages of one action each.

The trail filters before it cuts a page (AuditEventsRepository.cs), so one action is requested at a
time; `target` holds the ids of the people concerned, joined by commas (MessageTarget.cs).
"""

from typing import Any

import msgspec

from lastseen.docspace.audit import TRAIL_PATH, wire_date
from lastseen.docspace.http.error_text import Operation, Topic
from lastseen.docspace.http.request import Request
from lastseen.docspace.http.retry import Answer, RetryingClient
from lastseen.docspace.interface import MOST_A_PAGE, AdministrationPage, AdministrativeAct
from lastseen.docspace.lenient_events import action_number
from lastseen.docspace.wire import Envelope, check_count, decode, read_moment
from lastseen.model.contractor import UserId, user_id
from lastseen.model.instant import Instant

_READING = Operation("reading what administrators did", Topic.LOGS)


class _WireAct(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    id: int
    date: Any
    action_id: Any = None
    target: Any = None


class _ActsEnvelope(Envelope, frozen=True, kw_only=True):
    response: list[_WireAct]


_decoder = msgspec.json.Decoder(_ActsEnvelope)


async def administration_page(
    client: RetryingClient, action_id: int, *, since: Instant, start: int = 0
) -> AdministrationPage:
    """Return a page of one action, newest first, at or after `since`."""
    pairs = (
        ("action", str(action_id)),
        ("from", wire_date(since)),
        ("startIndex", str(start)),
        ("count", str(MOST_A_PAGE)),
    )
    request = Request(method="GET", path=TRAIL_PATH, query=pairs)

    return await client.ask(request, _READING, _read)


def read_acts(body: bytes) -> tuple[AdministrativeAct, ...]:
    """Return the administrators' acts in an answer; raises MalformedResponse."""
    envelope = decode(_decoder.decode, body)
    check_count(envelope.count, envelope.response)
    return tuple(
        AdministrativeAct(
            event_id=act.id,
            at=read_moment(act.date),
            action_id=action_number(act.action_id),
            people=_people(act.target),
        )
        for act in envelope.response
    )


def _read(answer: Answer) -> AdministrationPage:
    acts = read_acts(answer.body)
    return AdministrationPage(
        acts=acts, is_full=len(acts) >= MOST_A_PAGE, answered_at=answer.answered_at
    )


def _people(target: object) -> frozenset[UserId]:
    """Return the ids in a target; a target of another kind names nobody."""
    parts = target if isinstance(target, list) else [target]
    texts = [part for part in parts if isinstance(part, str)]
    return frozenset(user_id(one) for text in texts for one in text.split(",") if one.strip())
