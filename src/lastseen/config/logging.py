"""Logs on standard error, as text for people or as one JSON object a line for collectors.

This room decides how a log line looks and keeps secrets out of it. It must not decide what is
logged, and nothing here writes to standard output.
"""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Literal

from lastseen.model.secret import ApiKey

LogFormat = Literal["text", "json"]
"""How a log line looks."""

HIDDEN = "***"
"""What stands in a text where a secret stood."""

_SHORTEST_SECRET = 6
"""Shorter texts are not hidden: they would blank out ordinary words."""

_secrets: set[str] = set()


def configure_logs(form: LogFormat, level: int) -> None:
    """Send Lastseen's log records from `level` on to standard error, in `form`.

    What a person has to know is told from WARNING on whatever `level` is (`lastseen.progress`), and
    other libraries are never heard below that. Calling it again replaces what was set before.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines() if form == "json" else _TextLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(level, logging.WARNING))
    logging.getLogger("lastseen").setLevel(level)
    logging.getLogger("lastseen.progress").setLevel(min(level, logging.WARNING))
    logging.captureWarnings(capture=True)


def log_format() -> LogFormat:
    """Return how log lines look now."""
    handlers = logging.getLogger().handlers
    return "json" if any(isinstance(one.formatter, _JsonLines) for one in handlers) else "text"


def hide(key: ApiKey) -> None:
    """Take `key` out of everything that is logged or passed through `scrubbed` from now on."""
    if len(key.reveal()) >= _SHORTEST_SECRET:
        _secrets.add(key.reveal())


def scrubbed(text: str) -> str:
    """Return `text` with every hidden key replaced by `***`."""
    for secret in _secrets:
        text = text.replace(secret, HIDDEN)
    return text


def json_line(fields: dict[str, object]) -> str:
    """Return `fields` as one line of JSON, scrubbed; what JSON can't say becomes its `str`."""
    return scrubbed(json.dumps(fields, ensure_ascii=False, default=str))


class _TextLines(logging.Formatter):
    """`10:30:00 warning: message`, the time in UTC."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC)
        line = f"{moment:%H:%M:%S} {record.levelname.lower()}: {record.getMessage()}"
        if record.exc_info:
            line = f"{line}\n{self.formatException(record.exc_info)}"
        return scrubbed(line)


class _JsonLines(logging.Formatter):
    """One JSON object a record; what a record was given through `extra` stands beside it."""

    _ordinary = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC)
        fields: dict[str, object] = {
            "at": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        fields |= {k: v for k, v in vars(record).items() if k not in self._ordinary}
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        return json_line(fields)
