"""References to secrets, `env:NAME` and `file:PATH`, resolved on the worker's machine.

Only references are stored, sent to the queue and shown. A secret read here goes to the portal's
client and nowhere else.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from lastseen.config.api_key import bound_key
from lastseen.model.errors import UsageError
from lastseen.model.secret import ApiKey, key_problem
from lastseen.regular_file import Unsuitable, read_regular_file, why_unreadable

_LONGEST_FILE = 64 * 1024
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def is_reference(text: str) -> bool:
    """Return whether `text` names a variable or an absolute file instead of being a secret."""
    kind, separator, name = text.partition(":")
    if not separator:
        return False
    if kind == "env":
        return _VARIABLE.fullmatch(name) is not None
    return kind == "file" and Path(name).is_absolute() and name.isprintable()


def resolve(reference: str, environ: Mapping[str, str], *, portal: str, portal_url: str) -> ApiKey:
    """Return the API key that `reference` names on this machine, for the portal at `portal_url`.

    Raises UsageError, which names the portal and the reference and never the key, if the
    variable isn't set, the file can't be read or can be read by others, or holds no key.
    """
    kind, _, name = reference.partition(":")
    value = environ.get(name, "").strip() if kind == "env" else _from_file(name, portal, portal_url)
    if not value:
        what = "the variable is not set" if kind == "env" else "the file is empty"
        raise _unusable(reference, portal, what)
    problem = key_problem(value)
    if problem is not None:
        raise _unusable(reference, portal, f"it {problem}")
    return ApiKey(value)


def _from_file(name: str, portal: str, portal_url: str) -> str:
    reference = f"file:{name}"
    try:
        content = read_regular_file(Path(name), largest=_LONGEST_FILE, private=True)
    except (OSError, ValueError, Unsuitable) as error:
        raise _unusable(reference, portal, why_unreadable(error)) from None
    return bound_key(content, shown=reference, portal_url=portal_url)


def _unusable(reference: str, portal: str, found: str) -> UsageError:
    return UsageError(
        attempted=f"reading the API key of the portal {portal} from {reference}",
        found=found,
        meaning="this worker can't use that portal; other portals are not affected",
        remedy="give every worker this variable or file (its own with mode 0400, or root's that "
        "its group may read), or correct api_key in the fleet file and run `lastseen fleet sync`",
    )
