"""Feeds it mutated answers, rosters, configurations and plans: no bug, nobody disabled wrongly."""
