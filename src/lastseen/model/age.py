"""Ages in words, for explanations."""

from datetime import timedelta

from lastseen.model.counting import counted
from lastseen.model.instant import Instant, utc_date


def days_ago(moment: Instant, now: Instant) -> str:
    """Return `today` or `62 days ago`, in whole days of 24 hours."""
    idle = (now - moment) // timedelta(days=1)
    return "today" if idle <= 0 else f"{counted(idle, 'day')} ago"


def on_day(moment: Instant, now: Instant) -> str:
    """Return `on 2026-06-19 (160 days ago)`."""
    return f"on {utc_date(moment)} ({days_ago(moment, now)})"
