"""Reading a log: as a stream, gap by gap, or one user at a time."""
