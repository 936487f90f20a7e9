"""Logs on standard error, as text for people or as one JSON object per line for collectors.

This module formats log lines and keeps secrets out of them. It does not decide what is logged,
and nothing here writes to standard output. A JSON line has `time`, `level`, `event` (a
fixed word), `message`, the fields that belong to the event, and `run_id` during a run.
"""

import json
import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal

from lastseen.model.long_values import shortened
from lastseen.model.lookalikes import is_blank
from lastseen.model.progress import run_at_work
from lastseen.model.secret import ApiKey

LogFormat = Literal["text", "json"]
"""Log format."""

_SHORTEST_SECRET = 6
"""Shorter secrets are not hidden: hiding them would blank out ordinary words."""

_secrets: dict[str, ApiKey] = {}


def configure_logs(form: LogFormat, level: int) -> None:
    """Send Lastseen's log records from `level` on to standard error, in `form`.

    Warnings of `lastseen.progress` are shown at any level up to ERROR; other libraries log nothing
    below WARNING. Calling it again replaces the earlier settings.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines() if form == "json" else _TextLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(level, logging.WARNING))
    logging.getLogger("lastseen").setLevel(level)
    quiet = level > logging.ERROR
    logging.getLogger("lastseen.progress").setLevel(level if quiet else min(level, logging.WARNING))
    logging.captureWarnings(capture=True)


def log_format() -> LogFormat:
    """Return the current log format."""
    handlers = logging.getLogger().handlers
    return "json" if any(isinstance(one.formatter, _JsonLines) for one in handlers) else "text"


def hide(key: ApiKey) -> None:
    """Hide `key` in everything that is logged or passed through `scrubbed` from now on."""
    if len(key.reveal()) >= _SHORTEST_SECRET:
        _secrets[key.reveal()] = key


def scrubbed(text: str) -> str:
    """Return `text` with every hidden key replaced by `***`."""
    for key in _secrets.values():
        text = key.hide_in(text)
    return text


def printable(text: str) -> str:
    """Return `text` scrubbed, with `\ufffd` for control, bidirectional and blank characters.

    Everything that goes to a terminal passes through here; line breaks stay, long values are
    shortened.
    """
    clean = shortened(scrubbed(text))
    if clean.isascii() and clean.replace("\n", "").isprintable():
        return clean
    return "".join(
        c if c == "\n" or (c.isprintable() and not is_blank(c, before=before)) else "\ufffd"
        for before, c in zip("\n" + clean, clean, strict=False)
    )


def json_record(
    level: str, event: str, message: str, fields: Mapping[str, object], *, at: float | None = None
) -> str:
    """Return one log line of JSON, scrubbed; values that JSON lacks become their `str`.

    `at` is the time in seconds since 1970; None means now.
    """
    moment = datetime.now(UTC) if at is None else datetime.fromtimestamp(at, UTC)
    line: dict[str, object] = {
        "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": level,
        "event": event,
        "message": shortened(scrubbed(message)),
    }
    text = scrubbed(json.dumps(line | dict(fields) | line, ensure_ascii=False, default=str))
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


class _TextLines(logging.Formatter):
    """`10:30:00 warning: message`, the time in UTC."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC)
        # On one line: a line break in a name must not forge another line.
        message = " ".join(record.getMessage().splitlines())
        line = f"{moment:%H:%M:%S} {record.levelname.lower()}: {message}"
        if record.exc_info:
            line = f"{line}\n{self.formatException(record.exc_info)}"
        return printable(line)


class _JsonLines(logging.Formatter):
    """One JSON object a record, with the fields that the record was given through `extra`."""

    _ordinary = frozenset(vars(logging.makeLogRecord({}))) | {
        "message",
        "asctime",
        "taskName",
        "event",
    }

    def format(self, record: logging.LogRecord) -> str:
        fields = {k: v for k, v in vars(record).items() if k not in self._ordinary}
        run = run_at_work.get()
        if run is not None:
            fields.setdefault("run_id", run)
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        event = getattr(record, "event", "log")
        level = record.levelname.lower()
        return json_record(level, event, record.getMessage(), fields, at=record.created)
