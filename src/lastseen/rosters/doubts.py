"""Why a row makes a roster with end dates unusable: what is found, what it means, what to do."""

from typing import NamedTuple


class Doubt(NamedTuple):
    """Why rows refuse a roster with end dates: another row of the person may decide alone."""

    found: str
    meaning: str
    remedy: str


SHORT = Doubt(
    "fewer fields than the header has",
    "where a separator is lost, an address runs into the next field, and the row may extend the "
    "contract of somebody whose other row has ended",
    "give each of these rows as many fields as the header; leave an unknown value empty",
)
UNIDENTIFIED = Doubt(
    "nothing by which an account can be found",
    "each may extend the contract of somebody whose other row has ended",
    "give each of these rows an account id or an e-mail address, or take it out",
)
ADDRESS_AS_ID = Doubt(
    "another address in the id column than in the e-mail column",
    "the row may extend the contract of either person, and another row of the person has ended",
    'correct these rows; if the source has no account ids, set id = "" under [roster.columns]',
)
UNCLEAR_ADDRESS = Doubt(
    "an account id beside something that is not one e-mail address",
    "the row may extend the contract of somebody else whose other row has ended",
    "correct the e-mail address of each of these rows, or leave it empty",
)
TWO_ADDRESSES = Doubt(
    "another address in the name, comment or query of an address",
    "the row may extend the contract of either person, and another row of the person has ended",
    "leave one e-mail address in each of these fields",
)
SECOND_COLUMN = Doubt(
    "another address in a second e-mail column",
    "it may be a second table, with an end of its own for somebody whose other row has ended",
    'name the column that counts under [roster.columns], for example email = "email", or give each '
    "table a file of its own",
)
DATE_BEYOND = Doubt(
    "a date beyond the last named column",
    "it may be the end of a contract",
    "give its column a name, or clear it",
)
DOUBTS = (
    SHORT,
    UNIDENTIFIED,
    ADDRESS_AS_ID,
    UNCLEAR_ADDRESS,
    TWO_ADDRESSES,
    SECOND_COLUMN,
    DATE_BEYOND,
)
"""In the order in which they are told."""
