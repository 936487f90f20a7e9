"""The command line: one file a command, which reads its options, calls the library and prints.

No rule, no HTTP and no SQL in here. A command imports what it needs inside its function, so that
`lastseen --help` costs next to nothing.
"""
