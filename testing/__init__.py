"""What tests, campaigns and benchmarks share: portals in this process, worlds, the baseline."""
