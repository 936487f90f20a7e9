"""What `apply`, `undo` and `run` share: how changes to accounts are made, checked and recovered.

One file a subject: `preflight` and `selection` check a plan before the portal is asked; `recheck`,
`eligibility` and `readback` find out who may still be changed; `batches`, `status_change` and
`sign_out` make the changes; `run_record` keeps the journal, `recovery` settles interrupted runs,
and `finish` writes the receipt. Nothing here decides who deserves to be disabled, and nothing
knows HTTP or SQL.
"""
