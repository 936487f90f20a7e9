"""`lastseen demo`: the main job shown on a simulated portal, from the check to taking it back."""

from pathlib import Path
from typing import Annotated

import typer

from lastseen.model.errors import UsageError


def demo(
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FOLDER", help="Where report.html goes; default: here."
        ),
    ] = Path(),
) -> None:
    """Show the whole job on a simulated portal.

    From doctor through review, apply and explain to undo. Nothing real is touched. Takes less than
    a minute and leaves report.html, nothing else.
    """
    from lastseen.cli.demonstration import demonstrate

    folder = output.resolve()
    if not folder.is_dir():
        raise UsageError(
            attempted="preparing the demo",
            found=f"{output} is no folder",
            meaning="report.html has to go somewhere; nothing was begun",
            remedy="name a folder that exists with -o",
        )
    demonstrate(report=folder / "report.html")
