"""How fast and how lean the service is, each figure measured beside its reference in the same run.

`python -m benchmarks` runs everything and writes `docs/benchmarks.md`. Every module in `BENCHMARKS`
(see `__main__.py`) has `METHOD` and `run(quick) -> list[Figure]`; the bare programs that figures are
compared with are committed here too. May import every other package; nothing imports this one.
"""
