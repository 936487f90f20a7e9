"""Measurements of Lastseen against simulated portals: requests, time, memory, processor.

    python -m benchmarks.bench [--short] [--only NAME,...]

Each figure has a file and gives rows of one table. Nothing here decides what Lastseen does.
"""
