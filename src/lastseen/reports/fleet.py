"""The state of the fleet, as a table for people or as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from lastseen.model.counting import counted
from lastseen.model.fleet import FleetStatus, PortalState, PortalStatus
from lastseen.model.instant import Instant
from lastseen.reports import unknown_format
from lastseen.reports.interface import Screen
from lastseen.reports.json import json_document
from lastseen.reports.terminal import TableWriter, printed

STYLES = {
    PortalState.CLEAN: "green",
    PortalState.PROPOSED: "bold cyan",
    PortalState.HELD: "bold yellow",
    PortalState.PAUSED: "dim",
    PortalState.NEVER: "dim",
}
"""How a state is coloured; any other is red."""

LEAST_WIDTH = 110
"""Below this many columns the portals are shown as a list."""

MOST_LISTED = 200
"""Of a larger fleet only this many portals are listed, unless more are requested."""

_DEFAULT = Screen()
_RED = "bold red"


def render_fleet_status(status: FleetStatus, format: str, *, screen: Screen = _DEFAULT) -> bytes:
    """Return the status as `table` or `json`; raises UsageError for another format."""
    match format:
        case "table":
            return printed(screen, _pieces(status, TableWriter(screen)))
        case "json":
            return json_document(status)
    raise unknown_format(format, ("table", "json"))


def _pieces(status: FleetStatus, writer: TableWriter) -> Iterator[RenderableType]:
    if not status.portals:
        yield writer.text("The fleet has no portal yet: `lastseen fleet sync FILE` adds some.")
        return
    shown = _shown(status.portals, verbose=writer.screen.everyone)
    if shown and writer.screen.width < LEAST_WIDTH:
        yield writer.cards(_card(portal, status.at, writer) for portal in shown)
    elif shown:
        yield _table(shown, status.at, writer)
    if unlisted := len(status.portals) - len(shown):
        listed = "clean ones first; `lastseen fleet status --all` lists all"
        yield writer.text((f"{unlisted} more are not listed, {listed}.", "dim"))
    states = ", ".join(f"{count} {state}" for state, count in status.summary.items())
    jobs = f"{counted(status.waiting, 'job waits', 'jobs wait')}, {status.running} running"
    yield writer.text(f"{counted(len(status.portals), 'portal', 'portals')}: {states}. {jobs}.")


def _shown(portals: Sequence[PortalStatus], *, verbose: bool) -> Sequence[PortalStatus]:
    """Return all of a small fleet; of a large one, the portals that need attention."""
    if verbose or len(portals) <= MOST_LISTED:
        return portals
    unclean = [portal for portal in portals if portal.state is not PortalState.CLEAN]
    return unclean[:MOST_LISTED]


def _table(portals: Sequence[PortalStatus], now: Instant, writer: TableWriter) -> RenderableType:
    heads = ("Portal", "State", "Whole review", "Next due", "Disabled", "To do", "Held", "Soon")
    table = writer.table((*heads, "Key expires"))
    for portal in portals:
        table.add_row(
            writer.lines(writer.text((portal.name, "bold")), _remark(portal, now, writer)),
            writer.text((portal.state.value, STYLES.get(portal.state, _RED))),
            writer.text(_moment(portal.whole_review_at, now)),
            writer.text(_moment(portal.next_due_at, now)),
            *(
                writer.text("-" if number is None else str(number))
                for number in (portal.disabled, portal.to_disable, portal.held, portal.due_soon)
            ),
            writer.text(_moment(portal.key_expires_at, now)),
        )
    for column in table.columns[1:]:
        column.no_wrap = True
    for column in table.columns[4:8]:
        column.justify = "right"
    return table


def _card(portal: PortalStatus, now: Instant, writer: TableWriter) -> tuple[Text, ...]:
    said = writer.text(
        (portal.name, "bold"), "  ", (portal.state.value, STYLES.get(portal.state, _RED))
    )
    numbers = ", ".join(
        f"{number} {what}"
        for number, what in (
            (portal.disabled, "disabled"),
            (portal.to_disable, "to disable"),
            (portal.held, "held"),
            (portal.due_soon, "due soon"),
        )
        if number
    )
    times = [f"whole review {_moment(portal.whole_review_at, now)}"]
    times.append(f"next due {_moment(portal.next_due_at, now)}")
    if portal.key_expires_at is not None:
        times.append(f"key expires {_moment(portal.key_expires_at, now)}")
    remark = _remark(portal, now, writer)
    numbered = writer.text(numbers) if numbers else None
    lines = (said, numbered, writer.text(", ".join(times)), remark)
    return tuple(line for line in lines if line is not None)


def _remark(portal: PortalStatus, now: Instant, writer: TableWriter) -> Text | None:
    """Return why the portal needs attention, or None."""
    if portal.unreachable_since is not None:
        since = _moment(portal.unreachable_since, now)
        return writer.text((f"unreachable since {since}: {portal.last_error or ''}", "red"))
    if portal.state in (PortalState.CLEAN, PortalState.HELD, PortalState.PAUSED):
        return None
    return writer.text((portal.last_error, "dim")) if portal.last_error else None


def _moment(moment: Instant | None, now: Instant) -> str:
    """Return the time of a moment today, otherwise its day and time, in UTC."""
    if moment is None:
        return "-"
    return f"{moment:%H:%M} today" if moment.date() == now.date() else f"{moment:%Y-%m-%d %H:%M}"
