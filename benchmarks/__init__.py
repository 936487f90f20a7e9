"""Campaigns and measurements: what Lastseen is held to, and the sample that it is compared with.

Each module runs by itself (`python -m campaigns.safety`). Nothing here is part of the product, and
nothing of the product imports it.
"""
