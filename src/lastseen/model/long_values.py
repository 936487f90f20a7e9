"""Long values in messages, shortened. Pure.

A message repeats what came from outside: an argument, a path, a name on a roster or a portal.
Documents and reports keep it whole; a message that fills screens hides what it says.
"""

import re

from lastseen.model.counting import number

LONGEST_VALUE = 200
"""Characters of a value that a message shows."""

LONGEST_ATTEMPT = 400
"""Characters of the sentence that says what was attempted."""

LONGEST_SENTENCE = 2_000
"""Characters of any other sentence or line: enough for the problems of a whole configuration."""

_KEPT = LONGEST_VALUE - 20
# A list of addresses in a command has to stay whole, and so has a path whose folders have names
# that a file system takes.
_WORD = re.compile(rf"[^\s,;/]{{{LONGEST_VALUE + 1},}}")
# An apostrophe within a word opens no quotation.
_QUOTED = re.compile(
    rf"(?<!\w)(?:'[^'\n]{{{LONGEST_VALUE + 1},}}'|\"[^\"\n]{{{LONGEST_VALUE + 1},}}\")(?!\w)"
)


def shortened(text: str, *, longest: int = LONGEST_SENTENCE) -> str:
    """Return a sentence or lines with every value of more than `LONGEST_VALUE` characters cut.

    A value is what is in quotation marks or has no blank, comma, semicolon or slash. A line that is
    still longer than `longest` is cut too. An ellipsis and the number of characters stand where
    something is missing.
    """
    if len(text) <= LONGEST_VALUE:
        return text
    brief = _WORD.sub(_cut, _QUOTED.sub(_cut_quoted, text))
    if len(brief) <= longest:
        return brief
    return "\n".join(_cut_line(line, longest) for line in brief.split("\n"))


def _cut_quoted(found: re.Match[str]) -> str:
    quoted = found[0]
    return f"{quoted[:_KEPT]}…{quoted[-1]} ({number(len(quoted) - 2)} characters)"


def _cut(found: re.Match[str]) -> str:
    return f"{found[0][:_KEPT]}… ({number(len(found[0]))} characters)"


def _cut_line(line: str, longest: int) -> str:
    if len(line) <= longest:
        return line
    return f"{line[: longest - 30]}… ({number(len(line))} characters)"
