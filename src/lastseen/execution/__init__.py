"""What `apply`, `undo` and `run` share: how changes to accounts are made, checked and recovered.

One file a subject: `preflight` and `selection` before anything is asked, `readback` and
`standing` for how people stand now, `changing` and `batches` for the changes themselves,
`record` for the journal, `recovery` for runs that were cut off, `endings` for receipts. Nothing
here decides who deserves to be disabled, and nothing knows HTTP or SQL.
"""
