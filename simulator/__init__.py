"""A stand-in XPULink platform: a real HTTP server with files, jobs, models and chat, on a compressed clock.

For development, the demo, tests and benchmarks: `python -m simulator --port 0` as a process, or
`simulator.server.serving` inside one. It imports nothing of ours, so that it can agree with the service
only by the wire; tests and benchmarks import it, `cli` and `embedded` start it as a process.
"""
