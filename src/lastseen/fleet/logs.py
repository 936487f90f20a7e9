"""Which portal a log line is about, since many jobs write to one log."""

import contextvars
import logging
from collections.abc import Iterable

portal_at_work: contextvars.ContextVar[str | None] = contextvars.ContextVar(
    "portal_at_work", default=None
)
"""The portal whose job writes; threads inherit it from the job that started them."""


def name_portals(handlers: Iterable[logging.Handler]) -> None:
    """Make every line of `handlers` name the portal whose job wrote it."""
    for handler in handlers:
        handler.addFilter(_named)


def _named(record: logging.LogRecord) -> bool:
    portal = portal_at_work.get()
    if portal is None or hasattr(record, "portal"):
        return True
    record.portal = portal
    if not record.getMessage().startswith(portal):
        record.msg, record.args = f"{portal}: {record.getMessage()}", ()
    return True
