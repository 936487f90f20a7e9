"""The campaign of kills: carrying out dies at every point, and the same command finishes the job.

`in_process` dies by an exception at every step of a run, hundreds of times in seconds; `sigkill`
kills real processes that speak to a served portal. `judging` then looks at portal, receipt and
journal. Run it as `python -m campaigns.kills`.
"""
