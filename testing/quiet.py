"""For made-up portals on which nobody but a test's own people does anything."""

QUIET_LOGS = 36_500
"""`log_silence_days` under which no log is taken to have stopped."""
