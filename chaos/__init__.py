"""Faults on a real stack, and what must be true after each: `make chaos`, docs/reliability.md."""
