"""Lines that fit a terminal. Only breaks text; what it says is the caller's business.

Widths are in columns: a terminal that has to break a line itself continues at its left edge, where
a name would look like a line of its own. textwrap counts characters, and many take two columns.
"""

from collections.abc import Iterator


def filled(
    text: str, width: int, *, indent: str, lead: str = "", breaks_words: bool = False
) -> str:
    """Return one line as lines of at most `width` columns, broken at blanks.

    The first begins with `lead`, all others with `indent`. A longer word has a line to itself, or
    is broken with `breaks_words`.
    """
    lines: list[str] = []
    line, is_empty = lead, True
    for word in text.split(" "):
        for number, piece in enumerate(_pieces(word, width - len(indent), breaks_words)):
            joint = "" if is_empty else " "
            if number == 0 and _columns(line + joint + piece) <= width:
                line, is_empty = line + joint + piece, False
                continue
            if not is_empty:
                lines.append(line.rstrip())
                line = indent
            line, is_empty = line + piece, False
    return "\n".join([*lines, line])


def _pieces(word: str, room: int, breaks_words: bool) -> Iterator[str]:
    """Yield the word, in pieces of at most `room` columns if it is to be broken."""
    if not breaks_words or _columns(word) <= room:
        yield word
        return
    piece, used = "", 0
    for sign in word:
        columns = _columns(sign)
        if piece and used + columns > room:
            yield piece
            piece, used = "", 0
        piece, used = piece + sign, used + columns
    yield piece


def _columns(text: str) -> int:
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # only where needed: every error comes this way

    # What is not printable is printed as one other character.
    return cell_len("".join(sign if sign.isprintable() else " " for sign in text))
