"""Ids of runs and plans, as they may be in files. Pure.

A command to copy contains them, so none may contain anything that a shell reads.
"""

import re

_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}")


def is_run_id(text: str) -> bool:
    """Return whether `text` may be the id of a run or plan: letters, digits, `-` and `_`."""
    return _ID.fullmatch(text) is not None
