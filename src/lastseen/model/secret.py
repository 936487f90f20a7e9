"""The API key as a type that shows nothing of itself."""

from typing import NoReturn


class ApiKey:
    """A portal's API key; `repr`, `str`, formatting and pickling give nothing away."""

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        """Keep `value`, stripped of surrounding white space."""
        self.__value = value.strip()

    def reveal(self) -> str:
        """Return the key itself; only the HTTP header is made of this."""
        return self.__value

    def __bool__(self) -> bool:
        """Say whether there is a key at all."""
        return bool(self.__value)

    def __repr__(self) -> str:
        """Show that there is a key, not which."""
        return "ApiKey(***)"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled, so that no dump carries the key."""
        raise TypeError("an API key is not to be serialised")
