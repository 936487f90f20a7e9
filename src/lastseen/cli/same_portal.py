"""`--same-portal`: the ledger follows a portal to its new address. Changes nobody's access."""

from typing import TYPE_CHECKING

from lastseen.cli.errors import print_line
from lastseen.cli.invocation import Invocation

if TYPE_CHECKING:
    from lastseen.api import Settings


async def follow_portal(settings: "Settings", called: Invocation) -> None:
    """Take over what the ledger keeps under the former address, and say so on standard error."""
    from lastseen.api import confirm_same_portal, open_session

    async with open_session(settings) as session:
        former = await confirm_same_portal(session.portal, session.roster, ledger=session.ledger)
    if former is not None and not called.quiet:
        print_line(
            f"{settings.portal.url} is the portal that was at {former}: the ledger's exemptions, "
            "reinstatements and runs follow it; its logs are read again.",
            event="moved",
        )
