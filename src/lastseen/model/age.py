"""Ages in words, for explanations."""

from datetime import timedelta

from lastseen.model.counting import counted
from lastseen.model.instant import Instant, utc_date


def days_ago(moment: Instant, now: Instant) -> str:
    """Return `today` or `yesterday` by the date in UTC, else `62 days ago`, in days of 24 hours."""
    dates = (utc_date(now) - utc_date(moment)).days
    if dates <= 1:
        return "yesterday" if dates == 1 else "today"
    return f"{counted((now - moment) // timedelta(days=1), 'day')} ago"


def on_day(moment: Instant, now: Instant) -> str:
    """Return `on 2026-06-19 (160 days ago)`."""
    return f"on {utc_date(moment)} ({days_ago(moment, now)})"
