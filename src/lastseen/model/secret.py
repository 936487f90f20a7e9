"""The API key as a type that never shows itself, and that removes itself from other texts."""

import re
from typing import NoReturn
from urllib.parse import quote

HIDDEN = "***"
"""What replaces a secret in a text."""

_QUOTES = "\"'`\u201c\u201d\u2018\u2019\u201e\u00ab\u00bb"


class ApiKey:
    """A portal's API key; `repr`, `str`, formatting and pickling give nothing away."""

    __slots__ = ("__forms", "__value")

    def __init__(self, value: str) -> None:
        """Keep `value`, stripped of surrounding white space."""
        self.__value = value.strip()
        forms = {self.__value, quote(self.__value, safe=""), quote(self.__value)} - {""}
        longest_first = sorted(forms, key=len, reverse=True)
        self.__forms = re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE)

    def reveal(self) -> str:
        """Return the key itself; only the HTTP header is made from it."""
        return self.__value

    def hide_in(self, text: str) -> str:
        """Return `text` with `***` for the key, in any case and percent-encoded as well."""
        return self.__forms.sub(HIDDEN, text) if self.__value else text

    def __bool__(self) -> bool:
        """Return whether there is a key at all."""
        return bool(self.__value)

    def __repr__(self) -> str:
        """Show that there is a key, but not which."""
        return "ApiKey(***)"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled, so that no dump contains the key."""
        raise TypeError("an API key is not to be serialised")


def key_problem(value: str) -> str | None:
    """Return why `value` can't be an API key, in words that don't repeat it, or None."""
    if not value:
        return "is empty"
    if value[0] in _QUOTES or value[-1] in _QUOTES:
        return "has quotation marks around the key"
    if not value.isascii() or not value.isprintable() or " " in value:
        return "contains white space or characters that no API key has"
    return None
