"""Serving the simulated portal: the application, limits and injected faults."""
