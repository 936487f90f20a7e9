"""`lastseen simulate`: serves a portal that behaves like the real one, until it is stopped."""

from typing import Annotated

import typer

from lastseen.cli.output import closed_or_full
from lastseen.cli.standard_streams import silence_standard_output
from lastseen.model.errors import UsageError
from lastseen.simulator.server.fault_names import NAMES


def simulate(
    port: Annotated[
        int, typer.Option("--port", metavar="N", help="Where to listen on 127.0.0.1; 0: any.")
    ] = 0,
    filters: Annotated[
        str,
        typer.Option(
            "--filters",
            metavar="HOW",
            help="before-window, after-window (as release 3.7.2 does) or ignored.",
        ),
    ] = "after-window",
    contractors: Annotated[
        int, typer.Option("--contractors", metavar="N", help="How many guests there are.")
    ] = 150,
    staff: Annotated[
        int, typer.Option("--staff", metavar="N", help="How many people are not guests.")
    ] = 20,
    days: Annotated[int, typer.Option("--days", metavar="N", help="How far back events go.")] = 180,
    seed: Annotated[
        int, typer.Option("--seed", metavar="N", help="The same seed gives the same portal.")
    ] = 1,
    latency_ms: Annotated[
        int, typer.Option("--latency-ms", metavar="N", help="How long a round trip takes.")
    ] = 0,
    retention_days: Annotated[
        int, typer.Option("--retention-days", metavar="N", help="How long sign-ins are kept.")
    ] = 180,
    session_minutes: Annotated[
        str,
        typer.Option(
            "--session-minutes", metavar="N|off", help="How long sessions live; off: no limit."
        ),
    ] = "off",
    release: Annotated[
        str,
        typer.Option("--release", metavar="NAME", help="3.1, 3.5, 3.6 or 3.7."),
    ] = "3.7",
    rate_limit: Annotated[
        int | None,
        typer.Option("--rate-limit", metavar="N", help="Requests a minute; default: no limit."),
    ] = None,
    faults: Annotated[
        str,
        typer.Option(
            "--faults",
            metavar="NAME,...",
            show_default=False,
            help="What goes wrong, each at a rate from 0 to 1 (html-502:0.2; default 0.05): "
            f"{', '.join(NAMES)}.",
        ),
    ] = "",
    time_zone: Annotated[
        str, typer.Option("--time-zone", metavar="ZONE", help="The portal's zone.")
    ] = "UTC",
    portals: Annotated[
        int,
        typer.Option("--portals", metavar="N", help="How many portals; ports and seeds count up."),
    ] = 1,
) -> None:
    """Serve a simulated portal, or several, until stopped.

    First prints two lines for each, its address and its key, ready for a shell. It keeps serving
    when nobody reads its output any more.
    """
    from lastseen.simulator.server.filters import Filters
    from lastseen.simulator.server.options import SimulateOptions
    from lastseen.simulator.server.serving import NobodyTold, run
    from lastseen.simulator.world.release import Release

    try:
        options = SimulateOptions(
            port=port,
            filters=Filters(_one_of("--filters", filters, tuple(Filters))),
            contractors=contractors,
            staff=staff,
            days=days,
            seed=seed,
            latency_ms=latency_ms,
            retention_days=retention_days,
            session_minutes=_minutes(session_minutes),
            release=Release(_one_of("--release", release, tuple(Release))),
            rate_limit=rate_limit,
            faults=faults,
            time_zone=time_zone,
            portals=portals,
        )
    except ValueError as error:
        raise UsageError(
            attempted="setting up a simulated portal",
            found=str(error),
            meaning="there is no such portal to simulate",
            remedy="see `lastseen simulate --help`",
        ) from None
    try:
        run(options)
    except NobodyTold as error:
        silence_standard_output()
        raise UsageError(
            attempted="printing the simulated portal's address and key",
            found=closed_or_full(error.__cause__),
            meaning="nobody could use the portal, so it was stopped",
            remedy="run it with a standard output that can be written to",
        ) from None
    except OSError as error:
        raise UsageError(
            attempted=f"serving a simulated portal on port {port}",
            found=(error.strerror or str(error)).lower(),
            meaning="the port is taken, or this user may not listen on it",
            remedy="give another --port, or 0 for any that is free",
        ) from None


def _one_of(option: str, text: str, choices: tuple[str, ...]) -> str:
    """Return `text`; raises ValueError, with the choices, where it is none of them."""
    if text not in choices:
        raise ValueError(f"{option} must be {', '.join(choices[:-1])} or {choices[-1]}")
    return text


def _minutes(text: str) -> int | None:
    """Return a session's life in minutes, None without a limit; raises ValueError."""
    if text == "off":
        return None
    if not text.isdecimal():
        raise ValueError("--session-minutes must be a number of minutes or off")
    return int(text)
