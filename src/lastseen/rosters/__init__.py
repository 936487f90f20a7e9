"""Where contractors come from: `interface` says what a roster does, then one file a source.

`matching` joins whom a roster names to the accounts that the portal has.
"""

from lastseen.rosters.interface import Listing, Roster, RosterOptions
from lastseen.rosters.matching import Match, match
from lastseen.rosters.sources import known_sources, open_roster

__all__ = [
    "Listing",
    "Match",
    "Roster",
    "RosterOptions",
    "known_sources",
    "match",
    "open_roster",
]
