"""Secrets of a roster's source, which the configuration only refers to and never contains.

`env:NAME` is read from the environment, `file:PATH` from a file that only its owner can read,
`keyring:NAME` from the keyring (service `lastseen`).
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from lastseen.model.errors import UsageError
from lastseen.regular_file import Unsuitable, in_home, read_regular_file, why_unreadable

KEYRING_SERVICE = "lastseen"
"""The name under which the keyring keeps secrets."""

LONGEST_SECRET_FILE = 64 * 1024
"""Bytes; a password or a token has some dozens, a signed token some thousands."""

_REFERENCE = re.compile(r"(env|file|keyring):(.+)")
_LIKELY_SECRET = re.compile(
    r"authori|bearer|cookie|key|token|secret|passw|passphrase|pwd|credential|signature"
    r"|^sig$",
    re.IGNORECASE,
)


def usually_secret(name: str) -> bool:
    """Return whether a header or parameter of this name usually carries a secret."""
    return _LIKELY_SECRET.search(name) is not None


def is_reference(text: str) -> bool:
    """Return whether `text` refers to a place where a secret is kept."""
    return _REFERENCE.fullmatch(text) is not None


def resolve(reference: str, *, option: str) -> str:
    """Return the secret that `reference` names; `option` is the configuration's key, for messages.

    Raises UsageError if it can't be read or isn't a reference; never repeats a value.
    """
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        raise UsageError(
            attempted=f"reading {option}",
            found="it contains a secret itself",
            meaning="a configuration file is copied and read by many, so it may only refer to a "
            "secret",
            remedy='write "env:NAME", "file:PATH" or "keyring:NAME" instead',
        )
    kind, name = found.groups()
    read = {"env": _from_environment, "file": _from_file, "keyring": _from_keyring}[kind]
    secret = read(name, option).strip()
    if not secret or not secret.isprintable():
        raise _unreadable(option, name, "it is empty, or contains characters that no secret has")
    return secret


def resolved_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return `[roster.headers]` with every reference resolved.

    A value is a reference, or ends with one after a blank: `Bearer env:TOKEN`. Raises UsageError
    for a header that usually carries a secret and holds something else.
    """
    sent: dict[str, str] = {}
    for name, value in headers.items():
        option = f"roster.headers.{name}"
        scheme, blank, last = value.rpartition(" ")
        if is_reference(last):
            sent[name] = f"{scheme}{blank}{resolve(last, option=option)}"
        elif usually_secret(name):
            sent[name] = resolve(value, option=option)
        else:
            sent[name] = value
    return sent


def _from_environment(name: str, option: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise _unreadable(option, name, f"the environment variable {name} is not set")
    return value


def _from_file(name: str, option: str) -> str:
    path = in_home(Path(name))
    try:
        content = read_regular_file(path, largest=LONGEST_SECRET_FILE, private=True)
        return content.decode().strip().partition("\n")[0]
    except UnicodeDecodeError:
        raise _unreadable(option, name, "it is not text in UTF-8") from None
    except (OSError, ValueError, Unsuitable) as error:
        raise _unreadable(option, name, why_unreadable(error)) from None


def _from_keyring(name: str, option: str) -> str:
    import keyring
    from keyring.errors import KeyringError, NoKeyringError

    try:
        value = keyring.get_password(KEYRING_SERVICE, name)
    except NoKeyringError:
        raise _unreadable(option, name, "this machine has no keyring") from None
    except KeyringError as error:
        problem = f"the keyring can't be asked ({type(error).__name__})"
        raise _unreadable(option, name, problem) from None
    if value is None:
        raise _unreadable(option, name, f"the keyring has no entry {name} of {KEYRING_SERVICE}")
    return value


def _unreadable(option: str, name: str, found: str) -> UsageError:
    return UsageError(
        attempted=f"reading the secret that {option} names ({name})",
        found=found,
        meaning="without it the roster's source will not answer",
        remedy="set it, or correct the reference: env:NAME, file:PATH or keyring:NAME",
    )
