"""The simulated world: people, what they did, and what is really so."""
