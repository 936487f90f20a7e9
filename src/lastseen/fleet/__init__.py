"""Many portals: one fleet file, one ledger on PostgreSQL, workers on as many machines as needed.

The queue is Procrastinate's. This package decides when and where each portal's job runs;
`workflows` decides what a job does to a portal.
"""
