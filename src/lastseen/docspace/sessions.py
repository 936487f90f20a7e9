"""Ending all sessions of a person.

How long sessions live, and whether a person should be signed out, is decided elsewhere.
"""

from urllib.parse import quote

from lastseen.docspace.http.error_text import Operation, Topic
from lastseen.docspace.http.request import Request
from lastseen.docspace.http.retry import RetryingClient
from lastseen.model.contractor import UserId

_END_ALL_PATH = "/api/2.0/security/activeconnections/logoutall/"

_ENDING = Operation("ending a person's sessions", Topic.SESSIONS)


async def end_sessions(client: RetryingClient, user_id: UserId) -> None:
    """End every session of a person (ConnectionsController.cs, LogOutAllActiveConnections).

    The answer says nothing. Raises PortalError, as `Portal.set_status` does.
    """
    request = Request(method="PUT", path=_END_ALL_PATH + quote(user_id, safe=""))
    await client.ask(request, _ENDING, lambda _answer: None)
