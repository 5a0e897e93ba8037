"""What a worker counts (Prometheus); depths are read from the database by a sweep."""

from prometheus_client import Counter, Gauge, Histogram

STEPS = Counter("tuneward_steps_total", "Rows worked on", ["stage", "outcome"])
DUPLICATES = Counter(
    "tuneward_duplicates_total", "Further jobs of one create call, found on the platform", ["fate"]
)
LATE_LOOKS = Counter("tuneward_late_looks_total", "Create calls that were looked at again", ["outcome"])
WAITING = Gauge("tuneward_rows_waiting", "Rows that are not at their end", ["stage"])
DUE = Gauge("tuneward_rows_due", "Rows that are due now", ["stage"])
OVERDUE = Gauge("tuneward_oldest_due_seconds", "How long the oldest due row has waited", ["stage"])
RECORDS_REPEATED = Counter("tuneward_records_repeated_total", "Records the database did not take at once")
LOST_UPLOADS = Counter(
    "tuneward_lost_uploads_total",
    "Uploads to the platform nobody can use, by what became of the file",
    ["outcome"],
)
ATTEMPTS = Counter("tuneward_webhook_attempts_total", "Tries of deliveries", ["outcome"])
ATTEMPT_SECONDS = Histogram(
    "tuneward_webhook_attempt_seconds", "Duration of a try", buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 15)
)
CALLS = Counter("tuneward_platform_calls_total", "Calls of the platform", ["route", "outcome"])
PARKED = Gauge(
    "tuneward_platform_parked", "Whether jobs wait for the account, and why", ["account", "reason"]
)
