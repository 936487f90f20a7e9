"""The safety campaign: generated portals on which Lastseen tries, and fails, to disable the wrong.

`drawing` draws a case from a seed, `world` builds its portal, `playing` lets the product's real
client review it, `truth` and `wholeness` say independently what is so and what could be proven,
`judging` compares, `tallies` counts, `table` writes. The vendor-like baseline is judged on the
same portals. Run it with `python -m campaigns.safety`.
"""
