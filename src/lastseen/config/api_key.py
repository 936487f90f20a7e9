"""Where the API key is found and kept: the environment, a file of its own, or the keyring.

Never the configuration file. The key itself appears in no message.
"""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from lastseen.config.settings import Settings
from lastseen.model.errors import UsageError
from lastseen.model.secret import ApiKey

KEY_VARIABLE = "LASTSEEN_API_KEY"
"""The variable that holds the key."""

KEY_FILE_VARIABLE = "LASTSEEN_API_KEY_FILE"
"""The variable that names a file with the key on its first line."""

KEYRING_SERVICE = "lastseen"
"""The name under which the keyring keeps keys; the user name is the portal's address."""

LONGEST_KEY_FILE = 64 * 1024
"""Bytes; a key has some dozens."""

THREE_WAYS = (
    f"set {KEY_VARIABLE}, or {KEY_FILE_VARIABLE} to a file that only you can read, "
    "or keep the key in the keyring with `lastseen init`; "
    "a key is made in the portal under Developer Tools, API keys"
)


def find_key(settings: Settings, environ: Mapping[str, str]) -> ApiKey:
    """Return the portal's API key: from `LASTSEEN_API_KEY`, the file, or the keyring.

    An empty variable counts as not set. Raises UsageError where no key is found, where both
    variables are set, since it can't be told which key is meant, where others can read the file,
    and where what is found can't be a key.
    """
    value, file = environ.get(KEY_VARIABLE, "").strip(), environ.get(KEY_FILE_VARIABLE, "").strip()
    if value and file:
        raise UsageError(
            attempted="finding the API key",
            found=f"both {KEY_VARIABLE} and {KEY_FILE_VARIABLE} are set",
            meaning="it can't be told which of the two keys is meant",
            remedy=f"unset one of them; {KEY_FILE_VARIABLE} is the safer one to keep",
        )
    if value:
        return _usable(value, where=KEY_VARIABLE)
    if file:
        return _key_in_file(Path(file).expanduser())
    return _key_in_keyring(settings.portal.url)


def store_key(portal_url: str, key: ApiKey) -> None:
    """Keep the portal's key in the keyring; raises UsageError where there is none to keep it in.

    `portal_url` is written as in the settings.
    """
    import keyring
    from keyring.errors import KeyringError

    _usable(key.reveal(), where="what was entered")
    problem = None
    try:
        keyring.set_password(KEYRING_SERVICE, portal_url, key.reveal())
        # A keyring that is switched off takes everything and keeps nothing.
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


def _key_in_file(path: Path) -> ApiKey:
    attempted = f"reading the API key from {path}, named by {KEY_FILE_VARIABLE}"
    try:
        # One handle for looking and for reading: the file can't be changed for another between.
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if os.name == "posix" and mode & 0o077:
                raise UsageError(
                    attempted=attempted,
                    found=f"its mode is {stat.S_IMODE(mode):04o}: others than its owner have "
                    "rights to it",
                    meaning="whoever reads the key can do on the portal what its owner can",
                    remedy=f"chmod 600 {path} (a mounted secret: mode 0400); "
                    "make a new key if others could read this one",
                )
            content = file.read(LONGEST_KEY_FILE)
    except OSError as error:
        raise UsageError(
            attempted=attempted,
            found=(error.strerror or type(error).__name__).lower(),
            meaning="without a key the portal lets nobody in",
            remedy=THREE_WAYS,
        ) from None
    first_line = content.decode("utf-8-sig", errors="replace").strip().partition("\n")[0]
    return _usable(first_line.strip(), where=f"the first line of {path}")


def _key_in_keyring(portal_url: str) -> ApiKey:
    import keyring
    from keyring.errors import KeyringError

    try:
        value = keyring.get_password(KEYRING_SERVICE, portal_url)
        looked = f"the keyring has none for {portal_url}"
    except KeyringError as error:
        value, looked = None, f"the keyring can't be asked: {_keyring_problem(error)}"
    if not value:
        raise UsageError(
            attempted="finding the API key",
            found=f"neither {KEY_VARIABLE} nor {KEY_FILE_VARIABLE} is set, and {looked}",
            meaning="without a key the portal lets nobody in",
            remedy=THREE_WAYS,
        )
    return _usable(value.strip(), where=f"what the keyring has for {portal_url}")


def _keyring_problem(error: Exception) -> str:
    from keyring.errors import KeyringLocked, NoKeyringError

    if isinstance(error, NoKeyringError):
        return "this machine has no keyring"
    if isinstance(error, KeyringLocked):
        return "it is locked"
    return f"it failed ({type(error).__name__})"


def _usable(value: str, *, where: str) -> ApiKey:
    """Return the key; raises UsageError for what no HTTP header could carry."""
    if not value:
        found = f"{where} is empty"
    elif not value.isascii() or not value.isprintable() or " " in value:
        found = f"{where} holds white space or signs that no API key has"
    else:
        return ApiKey(value)
    raise UsageError(
        attempted="finding the API key",
        found=found,
        meaning="that is not an API key",
        remedy=THREE_WAYS,
    )
