"""Where the API key is found and kept: the environment, a file of its own, or the keyring.

Never the configuration file. The key itself appears in no message.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from lastseen.config.settings import Settings
from lastseen.model.errors import UsageError
from lastseen.model.portal_address import portal_address
from lastseen.model.secret import ApiKey, key_problem
from lastseen.regular_file import Unsuitable, in_home, read_regular_file, unreadable

KEY_VARIABLE = "LASTSEEN_API_KEY"
"""The variable that holds the key."""

KEY_FILE_VARIABLE = "LASTSEEN_API_KEY_FILE"
"""The variable that names a file with the key on its first line."""

KEY_FILE_KEY = "portal.api_key_file"
"""The configuration key that names such a file."""

KEYRING_SERVICE = "lastseen"
"""The name under which the keyring keeps keys; the user name is the portal's address."""

LONGEST_KEY_FILE = 64 * 1024
"""Bytes; a key has a few dozen."""

_BOUND_TO = "portal="
_BINDING = re.compile(r"\s*portal\s*[=:](.*)", re.IGNORECASE)
"""The second line, as people may write it: with blanks, capitals or a colon."""


def find_key(settings: Settings, environ: Mapping[str, str]) -> ApiKey:
    """Return the portal's API key: from `LASTSEEN_API_KEY`, a file, or the keyring.

    The environment overrides `portal.api_key_file`; an empty variable counts as not set. Raises
    UsageError if no key is found, if both variables are set, if the file is not private, if the
    key is bound to another portal, and if what is found can't be a key.
    """
    value, file = environ.get(KEY_VARIABLE, "").strip(), environ.get(KEY_FILE_VARIABLE, "").strip()
    if value and file:
        raise UsageError(
            attempted="finding the API key",
            found=f"both {KEY_VARIABLE} and {KEY_FILE_VARIABLE} are set",
            meaning="it is unclear which of the two keys is meant",
            remedy=f"unset one of them; {KEY_FILE_VARIABLE} is safer",
        )
    url = settings.portal.url
    if value:
        return _usable(value, where=KEY_VARIABLE)
    if file:
        return key_in_file(in_home(Path(file)), named_by=KEY_FILE_VARIABLE, portal_url=url)
    if settings.portal.api_key_file is not None:
        return key_in_file(settings.portal.api_key_file, named_by=KEY_FILE_KEY, portal_url=url)
    return _key_in_keyring(url)


def key_file_text(key: ApiKey, portal_url: str) -> str:
    """Return the content of a key file: the key, and the portal that it is bound to."""
    return f"{key.reveal()}\n{_BOUND_TO}{portal_url}\n"


def store_key(portal_url: str, key: ApiKey) -> None:
    """Keep the portal's key in the keyring; raises UsageError if there is no keyring.

    `portal_url` is written as in the settings.
    """
    import keyring
    from keyring.errors import KeyringError

    _usable(key.reveal(), where="what was entered")
    problem = None
    try:
        keyring.set_password(KEYRING_SERVICE, portal_url, key.reveal())
        # A keyring that is switched off accepts everything and keeps nothing.
        if keyring.get_password(KEYRING_SERVICE, portal_url) != key.reveal():
            problem = "the keyring did not keep it"
    except KeyringError as error:
        problem = _keyring_problem(error)
    if problem:
        raise UsageError(
            attempted=f"keeping the API key of {portal_url} in the keyring",
            found=problem,
            meaning="the key was not kept",
            remedy=f"write it into a file that only you can read, and set {KEY_FILE_VARIABLE}",
        )


def key_in_file(path: Path, *, named_by: str, portal_url: str) -> ApiKey:
    """Return the key on the first line of `path`; `named_by` says what named the file.

    A second line `portal=ADDRESS` binds the key to that portal. Raises UsageError as `find_key`
    does.
    """
    shown = _shown_path(path)
    attempted = f"reading the API key from {shown}, named by {named_by}"
    try:
        content = read_regular_file(path, largest=LONGEST_KEY_FILE, private=True)
    except (OSError, ValueError, Unsuitable) as error:
        raise unreadable(
            attempted,
            error,
            meaning="anyone who reads or changes the key can act on the portal as its owner"
            if isinstance(error, Unsuitable)
            else "the portal answers nothing without a key",
            remedy=f"chmod 600 {shown} as its owner; create a new key if others could read this one"
            if isinstance(error, Unsuitable)
            else _ways(keyring=_has_keyring()),
        ) from None
    return _usable(
        bound_key(content, shown=shown, portal_url=portal_url),
        where=f"the first line of {shown}",
    )


def bound_key(content: bytes, *, shown: str, portal_url: str) -> str:
    """Return the key in a key file, which `shown` names in messages.

    Raises UsageError if its other line binds the key to another portal than `portal_url`.
    """
    text = content.decode("utf-8-sig", errors="replace")
    key, other = ([line.strip() for line in text.splitlines() if line.strip()] + ["", ""])[:2]
    if _BINDING.match(key):
        key, other = other, key
    binding = _BINDING.match(other)
    if binding is not None:
        _check_binding(binding[1], shown=shown, portal_url=portal_url)
    return key


def _check_binding(written: str, *, shown: str, portal_url: str) -> None:
    try:
        bound_to = portal_address(written.strip().strip("\"'"))
    except UsageError:
        bound_to = ""
    if bound_to != portal_url:
        raise UsageError(
            attempted=f"using the API key in {shown} for {portal_url}",
            found=f"its second line binds it to {bound_to or 'something that is no address'}",
            meaning="the key was not sent: it is meant for one portal only",
            remedy="check the portal's address in the configuration; if the portal has moved, "
            "correct the second line of the key file",
        )


def _shown_path(path: Path) -> str:
    """Return a path for messages; what may be a key instead of a path is not repeated."""
    text = str(path)
    try:
        exists = path.exists()
    except (OSError, ValueError):
        exists = False
    return text if exists or "/" in text or "\\" in text else "a file"


def _key_in_keyring(portal_url: str) -> ApiKey:
    import keyring
    from keyring.errors import KeyringError, NoKeyringError

    has_keyring = _has_keyring()
    try:
        value = keyring.get_password(KEYRING_SERVICE, portal_url)
        looked = f"the keyring has none for {portal_url}"
    except KeyringError as error:
        value, looked = None, f"the keyring can't be asked: {_keyring_problem(error)}"
        has_keyring = has_keyring and not isinstance(error, NoKeyringError)
    if not value:
        raise UsageError(
            attempted="finding the API key",
            found=f"none of {KEY_VARIABLE}, {KEY_FILE_VARIABLE} and {KEY_FILE_KEY} is set, "
            f"and {looked}",
            meaning="the portal answers nothing without a key",
            remedy=_ways(keyring=has_keyring),
        )
    return _usable(value.strip(), where=f"what the keyring has for {portal_url}")


def _ways(*, keyring: bool) -> str:
    """Return how to give the key on this machine; `keyring`: whether there is one to keep it."""
    kept = "or keep the key in the keyring with `lastseen init`; " if keyring else ""
    return (
        f"set {KEY_VARIABLE}; or {KEY_FILE_VARIABLE} or {KEY_FILE_KEY} to a file that only you can "
        f"read; {kept}keys are created in the portal under Developer Tools, API keys"
    )


def _has_keyring() -> bool:
    """Return whether this machine has a keyring that could keep a key, locked or not."""
    import keyring
    from keyring.backends import fail, null

    return not isinstance(keyring.get_keyring(), (fail.Keyring, null.Keyring))


def _keyring_problem(error: Exception) -> str:
    from keyring.errors import KeyringLocked, NoKeyringError

    if isinstance(error, NoKeyringError):
        return "this machine has no keyring"
    if isinstance(error, KeyringLocked):
        return "it is locked"
    return f"it failed ({type(error).__name__})"


def _usable(value: str, *, where: str) -> ApiKey:
    """Return the key; raises UsageError for one that no HTTP header could contain."""
    problem = key_problem(value)
    if problem is None:
        return ApiKey(value)
    raise UsageError(
        attempted="finding the API key",
        found=f"{where} {problem}",
        meaning="that is not an API key",
        remedy="write the key alone, as the portal shows it",
    )
