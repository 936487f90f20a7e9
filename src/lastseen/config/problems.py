"""Configuration errors: all of them reported together, by name, without secrets.

It doesn't know which values are valid.
"""

import difflib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lastseen.model.errors import UsageError

Known = Mapping[str, Sequence[str]]
"""The keys of each table."""

COHORT_KEY = 3
"""How many names lead to a key of a cohort: `policy.for.0`."""

LIKE_A_KEY = re.compile(r"sk-|.{49}", re.IGNORECASE)
"""Names that may be a key pasted into the wrong place; our longest name has 21 letters."""
KEY_VALUE = re.compile(r"\bsk-|[A-Za-z0-9_]{32}", re.IGNORECASE)
"""What a value looks like that may be a key; ids have hyphens."""
SECRET = re.compile(r"key|token|secret|passw|credential|bearer|authori", re.IGNORECASE)
"""Names whose values are likely secrets."""

KEY_VARIABLES = ("LASTSEEN_API_KEY", "LASTSEEN_API_KEY_FILE")
"""Variables that other modules read."""

KEY_REMEDY = (
    "take the key out of there and give it as LASTSEEN_API_KEY, as a file named by "
    "LASTSEEN_API_KEY_FILE, or to the keyring, where there is one, with `lastseen init`; make a "
    "new key if others could read the old one"
)

PORTAL_REMEDY = (
    "set url under [portal] in lastseen.toml, or LASTSEEN_PORTAL__URL, or run `lastseen init`"
)

REMEDY = "correct the keys named; `lastseen init` writes a file that explains every key"

RULES = {
    "bool": "must be true or false",
    "dict": "must be a table",
    "finite": "must be a number",
    "float": "must be a number",
    "int": "must be a whole number",
    "list": "must be a list",
    "model": "must be a table",
    "path": "must be a path",
    "string": "must be text",
    "tuple": "must be a list",
}
"""Messages for pydantic's error types, by the first word of the type."""

LIMITS = {
    "greater_than_equal": ("ge", "must be at least"),
    "greater_than": ("gt", "must be more than"),
    "less_than_equal": ("le", "must be at most"),
}
"""Messages for numbers out of range, and the name under which pydantic gives the limit."""


class Problems:
    """Collects errors, then reports them as one."""

    def __init__(
        self,
        *,
        known: Known,
        unshown: Collection[tuple[str, ...]],
        cohort_keys: Sequence[str],
        path: Path | None,
        environment: Mapping[str, Any],
    ) -> None:
        """Report on the file `path` and on `environment`, the tables made from the variables.

        `unshown`: tables and keys whose values may contain a password or a key.
        """
        self._known = known
        self._unshown = unshown
        self._cohort_keys = cohort_keys
        self._path = path
        self._environment = environment
        self._found: list[str] = []
        self._holds_key = False
        self._lacks_portal = False

    def __bool__(self) -> bool:
        return bool(self._found)

    def note(self, errors: Iterable[Mapping[str, Any]]) -> None:
        """Add the errors that pydantic found."""
        for error in errors:
            place = tuple(str(part) for part in error["loc"])
            if error["type"] == "extra_forbidden":
                self._note_unknown(place)
            elif error["type"] == "missing":
                self._lacks_portal = True
                self._found.append("portal.url is not set")
            else:
                self._found.append(self._sentence(place, error))

    def note_stray_variables(self, environ: Mapping[str, str]) -> None:
        """Add variables that look like settings but set nothing.

        Other names are left alone: Kubernetes, for one, sets variables for a service that is
        called lastseen.
        """
        singly = {
            f"LASTSEEN_{part}".upper(): f"LASTSEEN_{table}__{key}".upper()
            for table, keys in self._known.items()
            for key in keys
            for part in (key, f"{table}_{key}")
        }
        for name in sorted(environ):
            upper = name.upper()
            if not upper.startswith("LASTSEEN_") or upper in KEY_VARIABLES:
                continue
            table, separator, _ = upper.removeprefix("LASTSEEN_").lower().partition("__")
            if separator and table not in self._known:
                self._found.append(f"{name} doesn't name a table{_suggested(table, self._known)}")
            elif upper in singly:
                self._found.append(f"{name} sets nothing: did you mean {singly[upper]}?")

    def as_error(self) -> UsageError:
        """Return everything found as one error."""
        source = str(self._path.absolute()) if self._path else "from the environment"
        remedies = [
            *([KEY_REMEDY] if self._holds_key else []),
            *([PORTAL_REMEDY] if self._lacks_portal else []),
        ]
        return UsageError(
            attempted=f"reading the configuration {source}",
            found="; ".join(self._found),
            meaning="a configuration with errors is not used at all, so nothing was started",
            remedy="; ".join(remedies) or REMEDY,
        )

    def _note_unknown(self, place: tuple[str, ...]) -> None:
        name, last = self._name(place), place[-1]
        if LIKE_A_KEY.match(last):
            self._holds_key = True
            where = ".".join(place[:-1]) or "the configuration"
            self._found.append(f"{where} has a name that looks like an API key, not shown here")
            return
        if SECRET.search(last):
            self._holds_key = True
            self._found.append(f"{name} is set, but secrets don't belong in the configuration")
            return
        is_table = len(place) == 1
        if len(place) > COHORT_KEY:
            self._found.append(f"{name} is not a key{_suggested(last, self._cohort_keys)}")
            return
        owners = [table for table, keys in self._known.items() if last in keys]
        near = _suggested(last, self._known if is_table else self._known.get(place[0], ()))
        hint = f": it belongs under [{owners[0]}]" if owners else near
        self._found.append(f"{name} is not a {'table' if is_table else 'key'}{hint}")

    def _sentence(self, place: tuple[str, ...], error: Mapping[str, Any]) -> str:
        value = error["input"]
        if _holds_key(value):
            self._holds_key = True
            return f"{self._name(place)} contains what looks like an API key: it is not repeated"
        scalar = isinstance(value, str | int | float)
        shown = "" if place[:2] in self._unshown or not scalar else f" = {_short(value)}"
        name, rule = self._name(place), _rule(error)
        if len(place) == 1 and error["type"] == "value_error":
            return f"{name}: {rule}"
        return f"{name}{shown} {rule}"

    def _name(self, place: tuple[str, ...]) -> str:
        """Return the name that the user wrote: a variable, or a key of the file."""
        in_file = ".".join(part if part.isprintable() else repr(part) for part in place)
        table: Any = self._environment
        for depth, part in enumerate(place):
            if not isinstance(table, dict) or part not in table:
                return in_file
            table = table[part]
            if not isinstance(table, dict):
                return "LASTSEEN_" + "__".join(place[: depth + 1]).upper()
        return in_file


def _holds_key(value: object) -> bool:
    """Return whether a text, or one in a list or table, may be a key in the wrong place.

    Without recursion: the value may be nested as deeply as JSON can be read.
    """
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, Mapping):
            left += (*one.keys(), *one.values())
        elif isinstance(one, list | tuple):
            left += one
        elif isinstance(one, str) and KEY_VALUE.search(one):
            return True
    return False


def _rule(error: Mapping[str, Any]) -> str:
    kind, context = str(error["type"]), error.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind == "string_too_short":
        return "must not be empty"
    if kind == "literal_error":
        return f"must be {context['expected']}"
    if kind in LIMITS:
        limit, words = LIMITS[kind]
        return f"{words} {context[limit]:g}"
    return RULES.get(kind.split("_")[0], "can't be used")


def _suggested(name: str, names: Iterable[str]) -> str:
    near = difflib.get_close_matches(name.lower(), list(names), n=1, cutoff=0.7)
    return f": did you mean `{near[0]}`?" if near else f": there are {', '.join(names)}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
