"""Counts in words: `4,567`, `1 request`, `3 people`. The only place that formats them."""


def number(count: int) -> str:
    """Return `4,567`."""
    return f"{count:,}"


def counted(count: int, one: str, many: str | None = None) -> str:
    """Return `1 request` or `4,567 requests`; `many` is for plurals that aren't `one` + s."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def people(count: int) -> str:
    """Return `1 person` or `3 people`."""
    return counted(count, "person", "people")


def times(count: int) -> str:
    """Return `once`, `twice` or `3 times`."""
    return {1: "once", 2: "twice"}.get(count, counted(count, "time"))
