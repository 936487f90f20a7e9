"""One file a store: evidence, accounts, exemptions, runs, the journal."""
