"""Damages ledgers in use: nobody may be disabled wrongly, and nothing may end as a bug."""
