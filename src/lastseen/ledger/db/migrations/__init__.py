"""The ledger's schema, revision by revision, as Alembic runs it.

To add one: write `versions/NNNN_what.py` by hand, add its number to `schema.REVISIONS` and change
`schema` alike; a test compares the two. Nothing of `schema` may be imported by a revision, since a
revision never changes once it was released.
"""
