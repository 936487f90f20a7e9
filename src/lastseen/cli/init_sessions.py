"""The question of `init` about people who may still be signed in, and what is recommended."""

from lastseen.cli.errors import print_line
from lastseen.model.errors import UsageError

MODES = ("report", "sign-out", "hold")
QUESTION = (
    "People who only read leave no trace. If they may still be signed in: `sign-out` (end their "
    "sessions, give them `return_days` to sign in again, then disable), `hold`, or `report` "
    "(disable and mark)"
)


def checked_mode(text: str) -> str:
    """Return how open sessions are treated; raises UsageError for anything else."""
    mode = text.strip().lower()
    if mode not in MODES:
        raise UsageError(
            attempted="making a configuration",
            found=f"{text!r} is none of {', '.join(MODES)}",
            meaning="it says what happens to people who may still be signed in",
            remedy="give one of the three",
        )
    return mode


def recommended_mode(may_end: bool | None) -> str:
    """Return `sign-out` where the key may end sessions, else `report`, and say why."""
    if may_end is None:
        print_line("Whether this key may end sessions is not known; `lastseen doctor` will tell.")
        return "report"
    if not may_end:
        print_line("This key may not end sessions, which `sign-out` needs.")
        return "report"
    print_line("This key may end sessions: `sign-out` is recommended.")
    return "sign-out"
