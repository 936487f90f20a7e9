"""Which actions of the sign-in log show presence.

The numbers are those of MessageAction.cs, release 3.7.2. A number that is in no table is
neither presence nor absence.
"""

from lastseen.model.sighting import ANONYMOUS

SUCCESSFUL = frozenset(
    {1000, 1001, 1007, 1010, 1011, 1012, 1015, 1019, 1021, 1024, 1027, 1028, 1029}
)
FAILED = frozenset(
    {1002, 1003, 1004, 1005, 1008, 1009, 1013, 1014, 1018, 1020, 1022, 1023, 1025, 1026}
)
SESSION = frozenset({1006, 1016, 1017})

PRESENT = SUCCESSFUL | SESSION
"""The actions that show presence."""

KNOWN = PRESENT | FAILED
"""Every action of the sign-in log that is in a table."""

NOBODY = frozenset({"", "00000000-0000-0000-0000-000000000000", ANONYMOUS})
"""The ids of an unknown user."""

SIGNED_OUT = 1006
"""Logout; a directory's single logout writes it without the person (SsoHandler.cs)."""

OAUTH = 1028
"""LoginSuccessViaOAuth: an application was authorised."""

CLEANED_UP = frozenset({5018, 5027})
"""What the daily clean-up of the trash writes in a person's name, without an address
(AutoCleanTrashService, FileDeleteOperation)."""

SIGNED_BY_OTHERS = 5046
"""DocumentSignComplete: others signed by DocuSign, in the name of whoever sent the document to them
(docusignhandler.ashx.cs)."""
