"""One file per store: evidence, accounts, exemptions, runs, the journal."""
