"""Whom the texts of the trail name, where their entries give no id. Pure.

The portal writes texts in the language of whoever asks, with names and addresses in between
(AuditReportResource). First and last name may be in either order, which depends on the language of
whoever acted (UserFormatter.cs). Of two people with one name, both are meant.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from lastseen.model.contractor import Profile
from lastseen.model.instant import Instant

_WORD = re.compile(r"[\w@.+'’&/-]+")
_AT_THE_EDGE = ".-'’&/"


class NamedInTexts:
    """Finds people in texts by whole words."""

    def __init__(self, texts: Iterable[tuple[str, Instant]]) -> None:
        """Search texts, each with the time of its entry."""
        self._all = [(text.casefold(), _words(text), at) for text, at in texts]
        self._having: dict[str, list[int]] = defaultdict(list)
        for number, (_, words, _) in enumerate(self._all):
            for word in set(words):
                self._having[word].append(number)

    def times(self, profile: Profile) -> Sequence[Instant]:
        """Return when each entry was written that names this person, by address or by name."""
        if not self._all:
            return ()
        found: set[int] = set()
        for name in (profile.email, profile.display_name):
            found.update(self._naming(name))
        return [self._all[number][2] for number in found]

    def _naming(self, name: str) -> Iterable[int]:
        wanted = sorted(_words(name))
        if not wanted:
            return
        rarest = min(wanted, key=lambda word: len(self._having.get(word, ())))
        for number in self._having.get(rarest, ()):
            if _has_together(self._all[number][1], wanted):
                yield number
        if not name.isascii():
            # Some languages put nothing between words.
            plain = name.strip().casefold()
            yield from (number for number, (text, _, _) in enumerate(self._all) if plain in text)


def _words(text: str) -> list[str]:
    found = (word.strip(_AT_THE_EDGE) for word in _WORD.findall(text.casefold()))
    return [word for word in found if word]


def _has_together(words: Sequence[str], wanted: Sequence[str]) -> bool:
    """Return whether `words` have all of `wanted`, which is sorted, next to each other."""
    size = len(wanted)
    return any(
        sorted(words[start : start + size]) == wanted for start in range(len(words) - size + 1)
    )
