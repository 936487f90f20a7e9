"""Campaigns that try to make Lastseen do wrong: safety, kills, fuzz."""
