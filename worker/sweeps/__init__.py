"""One file per sweep, each with `run_once(context) -> counts`; every worker runs them, rows are locked."""

from worker.sweeps import (
    blobs,
    depths,
    endpoints,
    platform_uploads,
    poison,
    retention,
    spent_copies,
    stalled,
    stray_blobs,
    uploads,
)

ALL = (
    stalled, poison, endpoints, retention, uploads, blobs, depths,
    # Those that may take long come last.
    stray_blobs, platform_uploads, spent_copies,
)  # fmt: skip
