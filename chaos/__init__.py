"""Faults on a real stack, and what must be true after each: `make chaos`, docs/reliability.md.

A `world` is one stack with a seeded proxy on each of its paths; `load` is what clients do meanwhile;
`faults/` do the harm, a file per number; `oracles` judge afterwards by SQL, the platform's ledger and the
receiver's. Results are lines in `.chaos/results.jsonl`, so that a run goes on where it stopped.
May import domain (the table of states), crash_points and embedded, nothing else of what it judges: its SQL is
its own (`truth.py`).
"""
