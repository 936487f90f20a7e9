"""How tables look on any terminal and in a pipe: the one place that sets up rich.

Everything from outside passes through `TableWriter.text`, which defuses it and never reads markup.
No words about plans or receipts in here.
"""

import io
from collections.abc import Iterable, Sequence

from rich.box import SIMPLE_HEAD, Box
from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lastseen.model.decision import Verdict
from lastseen.model.receipt import OutcomeKind
from lastseen.reports.interface import Screen
from lastseen.reports.text import LONGEST, LONGEST_IN_FULL, defuse

NARROW = 72
"""Below this many columns a table is shown as a list of cards."""
WIDE = 110
"""From this many columns a person takes one line."""

VERDICT_STYLES = {
    Verdict.DISABLE: "bold red",
    Verdict.SIGN_OUT: "bold magenta",
    Verdict.HOLD: "bold yellow",
    Verdict.KEEP: "green",
    Verdict.SKIP: "dim",
}
OUTCOME_STYLES = {
    OutcomeKind.DISABLED: "red",
    OutcomeKind.REINSTATED: "green",
    OutcomeKind.REFUSED: "bold yellow",
    OutcomeKind.FAILED: "bold red",
}

_ASCII = str.maketrans({"·": "-", "…": "~", "–": "-"})
_ASCII_HEAD = Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)
_UNICODE = ("utf", "ucs", "gb18030")


class TableWriter:
    """Makes rich's elements for one screen."""

    def __init__(self, screen: Screen) -> None:
        """Write for `screen`, with characters that its encoding has."""
        self.screen = screen
        self.unicode = screen.encoding.lower().startswith(_UNICODE)
        self._longest = LONGEST_IN_FULL if screen.in_full else LONGEST

    def text(self, *parts: str | tuple[str, str]) -> Text:
        """Return one text made of parts, plain or with a style; each part is defused."""
        written = Text()
        for part in parts:
            said, style = (part, "") if isinstance(part, str) else part
            if not self.unicode:
                said = said.translate(_ASCII)
            shown = defuse(said, encoding=self.screen.encoding, longest=self._longest)
            written.append(shown, style=style)
        return written

    def lines(self, *texts: Text | None) -> Text:
        """Return the texts below one another; those that are None or empty are left out."""
        return Text("\n").join(text for text in texts if text)

    def heading(self, *parts: str | tuple[str, str]) -> RenderableType:
        """Return a heading with a blank line above it."""
        text = self.text(*parts)
        text.stylize("bold")
        return Padding(text, (1, 0, 0, 0))

    def pairs(self, pairs: Iterable[tuple[str, Text]]) -> RenderableType:
        """Return names and their values, in two columns."""
        return self.grid((self.text((name, "dim")), said) for name, said in pairs)

    def grid(
        self, rows: Iterable[Sequence[Text]], *, numbers: Sequence[int] = ()
    ) -> RenderableType:
        """Return rows without lines or headings; the columns `numbers` are set to the right."""
        grid = Table.grid(padding=(0, 2, 0, 0))
        for row in rows:
            while len(grid.columns) < len(row):
                at_right = len(grid.columns) in numbers
                grid.add_column(justify="right" if at_right else "left", overflow="fold")
            grid.add_row(*row)
        return Padding(grid, (0, 0, 0, 2))

    def table(self, columns: Sequence[str], *, numbers: Sequence[str] = ()) -> Table:
        """Return an empty table; columns among `numbers` are set to the right."""
        table = Table(
            box=SIMPLE_HEAD if self.unicode else _ASCII_HEAD,
            show_edge=False,
            pad_edge=False,
            padding=(0, 1, 0, 0),
            header_style="dim",
            border_style="dim",
            safe_box=False,
        )
        for column in columns:
            table.add_column(
                column,
                overflow="fold",
                justify="right" if column in numbers else "left",
                min_width=len(column),
            )
        return table

    def row(self, cells: Sequence[Text], widths: Sequence[int], *, right: int = -1) -> Text:
        """Return cells in one line, cut or padded to `widths`; `right`: the right-aligned one.

        Two blanks separate the columns.
        """
        line = Text()
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True)):
            shown = self.fitted(cell, width)
            if place == right:
                shown.pad_left(width - shown.cell_len)
            else:
                shown.pad_right(width - shown.cell_len)
            line.append("  " if place else "").append_text(shown)
        return line

    def cuts(self, cells: Sequence[Text], widths: Sequence[int]) -> bool:
        """Return whether `row` would cut one of the cells."""
        return any(cell.cell_len > width for cell, width in zip(cells, widths, strict=True))

    def below(self, text: Text) -> RenderableType:
        """Return what belongs to the row above, in as many lines as it takes."""
        return Padding(text, (0, 0, 0, 2))

    def fitted(self, text: Text, width: int) -> Text:
        """Return a copy of `text` that takes at most `width` columns, cut with an ellipsis."""
        shown = text.copy()
        if shown.cell_len > width:
            mark = "…" if self.unicode else "~"
            shown.truncate(max(0, width - 1))
            shown.append(mark)
        return shown

    def cards(self, cards: Iterable[Sequence[Text]]) -> RenderableType:
        """Return each card's first line with the others indented under it."""
        pieces: list[RenderableType] = []
        for first, *others in cards:
            pieces.append(Padding(first, (0, 0, 0, 2)))
            if body := self.lines(*others):
                pieces.append(Padding(body, (0, 0, 0, 4)))
        return Group(*pieces)


def width_of(cells: Iterable[Text], *, at_most: int) -> int:
    """Return how many columns the widest line of `cells` takes, up to `at_most`."""
    lines = (line for cell in cells for line in cell.plain.split("\n"))
    return min(max(map(cell_len, lines), default=0), at_most)


def printed(screen: Screen, pieces: Iterable[RenderableType]) -> bytes:
    """Return the pieces as bytes for `screen`; without colour no line ends in blanks."""
    stream = io.StringIO()
    console = _console(screen, stream)
    for piece in pieces:
        console.print(piece)
    text = stream.getvalue()
    if not screen.colour:
        text = "".join(f"{line.rstrip()}\n" for line in text.split("\n")[:-1])
    return text.encode(screen.encoding, "backslashreplace")


def _console(screen: Screen, stream: io.StringIO) -> Console:
    return Console(
        file=stream,
        width=screen.width,
        height=100,
        force_terminal=screen.colour,
        force_interactive=False,
        color_system="standard" if screen.colour else None,
        no_color=not screen.colour,
        legacy_windows=False,
        markup=False,
        emoji=False,
        highlight=False,
        _environ={},
    )
