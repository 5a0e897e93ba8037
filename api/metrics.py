"""What the api counts (Prometheus)."""

from prometheus_client import Counter, Histogram

REQUESTS = Counter("tuneward_http_requests_total", "Requests answered", ["method", "route", "status"])
DURATION = Histogram(
    "tuneward_http_request_seconds",
    "Time to the first byte of the answer",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
