"""The HTML page that all reports share: templates, filters, style and its one script.

A page is self-contained: it fetches nothing, and its policy allows only the script whose hash it
names. Everything about people is defused first and escaped by the template.
"""

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files
from shlex import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from lastseen._version import __version__
from lastseen.model.counting import counted, number, people
from lastseen.model.instant import minute
from lastseen.open_sessions import MAY_BE_OPEN
from lastseen.reports.text import day, defuse_in_full, took
from lastseen.reports.words import (
    address,
    date_in_words,
    idle_in_words,
    last_seen,
    outcome_of,
    reason_in_words,
    seen_by_in_words,
    who,
)

_DATE = re.compile(r"\b\d{4}-\d\d-\d\d\b( \d\d:\d\d UTC)?")
_COMMAND = re.compile(r"`([^`]+)`")


def render_page(template: str, **content: object) -> bytes:
    """Return the page that `template` makes from `content`, in UTF-8."""
    return _environment().get_template(template).render(**content).encode()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("lastseen.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "address": address,
        "breakable": _breakable,
        "commands": _commands,
        "counted": counted,
        "dated": _dated,
        "date": date_in_words,
        "day": day,
        "idle": idle_in_words,
        "last_seen": last_seen,
        "minute": minute,
        "number": number,
        "outcome": outcome_of,
        "people": people,
        "quoted": quote,
        "reason": reason_in_words,
        "seen_by": seen_by_in_words,
        "shown": defuse_in_full,
        "who": who,
        "without_mark": _without_mark,
    }
    script = (files("lastseen.reports") / "templates" / "report.js").read_text("utf-8")
    digest = b64encode(sha256(script.encode()).digest()).decode()
    environment.globals |= {
        "script": Markup(script),
        "script_hash": f"sha256-{digest}",
        "took": took,
        "version": __version__,
    }
    return environment


def _breakable(text: str) -> Markup:
    """Return an address, defused and escaped, that may be broken after its `@`."""
    return Markup(str(escape(defuse_in_full(text))).replace("@", "@<wbr>"))


def _commands(text: str) -> Markup:
    """Return a sentence, defused and escaped, with anything in backticks as code."""
    return Markup(_COMMAND.sub(r"<code>\g<1></code>", str(escape(defuse_in_full(text)))))


def _without_mark(text: str) -> str:
    """Return an explanation without the sentence for which reports have a mark."""
    return text.replace(f" {MAY_BE_OPEN}", "")


def _dated(text: str) -> Markup:
    """Return a sentence, defused and escaped, whose dates stay on one line."""
    return Markup(_DATE.sub(r"<time>\g<0></time>", str(escape(defuse_in_full(text)))))
