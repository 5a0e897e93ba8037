"""One file per sweep, each with `run_once(context) -> counts`; every worker runs them, rows are locked."""

from worker.sweeps import (
    blobs,
    depths,
    endpoints,
    platform_uploads,
    poison,
    retention,
    stalled,
    stray_blobs,
    uploads,
)

ALL = (stalled, poison, endpoints, retention, uploads, blobs, depths, stray_blobs, platform_uploads)
