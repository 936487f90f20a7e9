"""Many portals: one fleet file, one ledger on PostgreSQL, workers on as many machines as needed.

The queue is Procrastinate's. This room decides which portal's job runs when and where; what a job
does to a portal is decided by `workflows`.
"""
