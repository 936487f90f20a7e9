"""Where contractors come from: `interface` is the contract of a roster, then one file a source.

`matching` matches the people on a roster to the portal's accounts.
"""

from lastseen.rosters.interface import Listing, Roster, RosterOptions
from lastseen.rosters.matching import Match, Matched, match, match_all
from lastseen.rosters.population import roster_digest, roster_document
from lastseen.rosters.recheck import match_again
from lastseen.rosters.sources import known_sources, open_roster

__all__ = [
    "Listing",
    "Match",
    "Matched",
    "Roster",
    "RosterOptions",
    "known_sources",
    "match",
    "match_again",
    "match_all",
    "open_roster",
    "roster_digest",
    "roster_document",
]
