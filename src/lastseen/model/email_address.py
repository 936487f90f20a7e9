"""Compares e-mail addresses: equal, nearly equal, or in a domain.

The local part is compared in ASCII case only: `straße` and `strasse` are two people to a mail
server. Domains are compared as IDNA 2008 (RFC 5891) encodes them.
"""

import re
import unicodedata
from functools import lru_cache

import idna

from lastseen.model.lookalikes import as_latin, is_unseen, mixes_scripts

_LONGEST_NAME = 253
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_DOTLESS_I = "\N{LATIN SMALL LETTER DOTLESS I}"
_INVISIBLE = frozenset({"Cc", "Cf", "Me", "Mn", "Zl", "Zp", "Zs"})


def email_key(text: str) -> str:
    """Return an e-mail address in the form used for comparison."""
    stripped = text.strip()
    if stripped.isascii():
        return stripped.lower()
    local, at, domain = stripped.rpartition("@")
    return f"{local.translate(_ASCII_LOWER)}{at}{domain_key(domain)}"


def near_key(text: str) -> str:
    """Return a form that is equal for addresses that a person could mistake for one another.

    Accents, compatibility forms (ligatures, full width), invisible characters, every kind of case
    folding and letters of other scripts that look like Latin ones (`lookalikes`) are removed. Two
    addresses with one near key but different `email_key`s may belong to one person or to two.
    """
    key = email_key(text)
    if key.isascii() and "xn--" not in key:
        return key
    local, at, domain = key.rpartition("@")
    folded = f"{local}{at}{_readable(domain)}".casefold().replace(_DOTLESS_I, "i")
    decomposed = unicodedata.normalize("NFKD", folded).casefold()
    return as_latin(
        "".join(
            sign
            for sign in decomposed
            if unicodedata.category(sign) not in _INVISIBLE and not is_unseen(sign)
        )
    )


@lru_cache(maxsize=4096)
def domain_key(domain: str) -> str:
    """Return a domain in lower case as IDNA 2008 encodes it.

    A name that IDNA 2008 does not allow is only lower-cased in ASCII: it equals nothing but itself.
    """
    lowered = unicodedata.normalize("NFC", domain.lower())
    if lowered.isascii():
        return lowered
    try:
        return idna.encode(lowered).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return domain.translate(_ASCII_LOWER)


def can_be_domain(text: str) -> bool:
    """Return whether `text` can be the domain of an address: DNS labels, in any script.

    One label is enough, and underscores are allowed: both are in use within companies.
    """
    key = domain_key(text).replace("_", "x")
    return len(key) <= _LONGEST_NAME and all(map(_LABEL.fullmatch, key.split(".")))


def domain_of(address: str) -> str:
    """Return the key of the domain of an e-mail address; empty if it has none."""
    return email_key(address).rpartition("@")[2] if "@" in address else ""


def domain_pattern(text: str) -> str:
    """Return `vendor.example` (that domain alone) or `.vendor.example` (it and all below) as a key.

    One leading `@` is dropped. Raises ValueError for anything that can't be a domain, and for
    a name that mixes Latin letters with others that look like them: such a text would silently
    match nobody.
    """
    name = text.strip().removeprefix("@")
    below, name = ("." if name.startswith(".") else ""), name.removeprefix(".")
    key = domain_key(name)
    labels = key.split(".")
    if (
        len(labels) < 2
        or len(key) > _LONGEST_NAME
        or not all(map(_LABEL.fullmatch, labels))
        or labels[-1].isdigit()
    ):
        raise ValueError(f"{text[:100]!r} is not a domain; write vendor.example, or {_BELOW}")
    if any(map(mixes_scripts, _readable(key).split("."))):
        raise ValueError(
            f"{text[:100]!r} is not a domain that anyone has: it mixes Latin letters with others "
            "that look like them; type it again"
        )
    return below + key


def in_domain(address: str, pattern: str) -> bool:
    """Return whether an address belongs to a domain; `pattern` comes from `domain_pattern`."""
    domain = domain_of(address)
    if pattern.startswith("."):
        return domain == pattern[1:] or domain.endswith(pattern)
    return bool(domain) and domain == pattern


_BELOW = ".vendor.example for that domain and all domains below it"


def _readable(domain: str) -> str:
    """Return a domain with its encoded labels decoded, where they can be."""
    try:
        return idna.decode(domain) if "xn--" in domain else domain
    except (idna.IDNAError, UnicodeError):
        return domain
