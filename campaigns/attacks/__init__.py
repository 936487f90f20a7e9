"""Attacks on the doors around the evidence: plans, rosters, identities, ledger, outputs, secrets.

Each is a function named after what must hold. It gets a scene (a served portal and the command) and
raises `Broke` where the attack succeeds. The scene itself checks after every attack that nobody at
work lost access, that no command ended as a bug, and that no output shows the key.
"""
