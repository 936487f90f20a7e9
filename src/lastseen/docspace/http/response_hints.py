"""What an answer shows besides its content: a page for people, and when to retry."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from lastseen.docspace.http.request import Response
from lastseen.model.instant import Instant, instant


def is_web_page(response: Response) -> bool:
    """Return whether an answer is a page for people, which no DocSpace API sends."""
    kind = response.headers.get("Content-Type", "").lower()
    return "html" in kind or response.body[:200].lstrip().lower().startswith(
        (b"<!doctype", b"<html")
    )


def retry_after_seconds(headers: Mapping[str, str], now: Instant) -> float | None:
    """Return the seconds that `Retry-After` asks for: a number, or a date (RFC 9110)."""
    text = headers.get("Retry-After", "").strip()
    if not text:
        return None
    try:
        if text.isascii() and text.replace(".", "", 1).isdigit():
            return min(float(text), 1e7)
        return max(0.0, (instant(parsedate_to_datetime(text)) - now).total_seconds())
    except (ValueError, OverflowError, TypeError):
        return None
