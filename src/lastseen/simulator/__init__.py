"""A portal that behaves like the real one, quirks and faults included.

For tests, benchmarks and demonstrations. It answers as release 3.7.2 of ONLYOFFICE DocSpace does,
with synthetic people. It knows nothing of the product that it is there to test: nothing here
imports any other part of `lastseen`, so that a wrong belief about the portal cannot be written down
twice and then agree with itself. Start at `portal.SimulatedPortal` (in process), `server.serve`
(over a socket) or `serving.run` (a command).
"""
