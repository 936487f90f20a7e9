"""A roster from a mailing list's members file, and a plan as a Markdown list."""

from pathlib import Path

from lastseen.docspace.interface import Portal
from lastseen.model.contractor import Contractor
from lastseen.model.errors import UsageError
from lastseen.model.plan import Plan
from lastseen.reports.interface import PlanContext
from lastseen.rosters.interface import Listing, RosterOptions


class MailingList:
    """One address per line."""

    name = "mailing-list"
    outside = True  # these people come from outside the portal

    def __init__(self, path: Path) -> None:
        """Remember where the members are listed; reading waits for `load`."""
        self._path = path

    async def load(self, portal: Portal) -> Listing:
        """Return everyone on the list. Raises UsageError if the file can't be read."""
        try:
            lines = self._path.read_text(encoding="utf-8").split()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(
                attempted=f"reading the mailing list {self._path}",
                found=str(error),
                meaning="it is unknown who the contractors are",
                remedy="set roster.path to a readable text file",
            ) from None
        return Listing(contractors=tuple(Contractor(email=line) for line in lines))


def open_mailing_list(options: RosterOptions) -> MailingList:
    """Return the roster; called with the `[roster]` table."""
    if options.path is None:
        raise UsageError(
            attempted="opening the mailing list",
            found="roster.path is not set",
            meaning="it is unknown where the contractors are listed",
            remedy="set roster.path",
        )
    return MailingList(options.path)


class Markdown:
    """A plan as a Markdown list of those to be disabled."""

    endings = (".md",)

    def render(self, plan: Plan, context: PlanContext) -> bytes:
        """Return the document in UTF-8."""
        lines = [f"- `{one.email}`: {one.explanation}" for one in plan.to_disable()]
        return "\n".join(["# To be disabled", "", *lines, ""]).encode()


MARKDOWN = Markdown()
