"""Examples about webhooks: endpoints, deliveries, what is sent. The story of `examples` goes on."""

from typing import Any, Final

from api.description.examples import (
    BEGAN,
    DELIVERY,
    ENDPOINT,
    HAPPENED,
    HOOK,
    JOB,
    JOB_FAILED,
    TRAINING_FILE,
    TUNED,
)

Json = dict[str, Any]

CREATE_ENDPOINT: Final[Json] = {
    "name": "Orders",
    "url": HOOK,
    "event_types": ["fine_tuning.job.succeeded", "fine_tuning.job.failed"],
}
UPDATE_ENDPOINT: Final[Json] = {"event_types": ["fine_tuning.job.failed"]}
WEBHOOK_ENDPOINT: Final[Json] = {
    "id": ENDPOINT,
    "object": "webhook_endpoint",
    "created_at": BEGAN - 86400,
    "name": "Orders",
    "url": HOOK,
    "event_types": CREATE_ENDPOINT["event_types"],
    "signing_secret_hint": "…Qk4w",
    "updated_at": BEGAN - 86400,
    "enabled": True,
    "disabled_at": None,
    "disabled_reason": None,
    "failing_since": None,
}
WEBHOOK_ENDPOINT_WITH_SECRET: Final[Json] = WEBHOOK_ENDPOINT | {
    "signing_secret": "whsec_c2hvd24gb25jZSwgaGVyZSBhbmQgb24gcm90YXRlQk4w",
}
WEBHOOK_ENDPOINTS: Final[Json] = {
    "object": "list",
    "data": [WEBHOOK_ENDPOINT],
    "has_more": False,
    "first_id": ENDPOINT,
    "last_id": ENDPOINT,
}
WEBHOOK_ENDPOINT_DELETED: Final[Json] = {
    "id": ENDPOINT,
    "object": "webhook_endpoint.deleted",
    "deleted": True,
}
EVENT_TYPES: Final[Json] = {
    "object": "list",
    "data": ["fine_tuning.job.succeeded", "fine_tuning.job.failed", "fine_tuning.job.cancelled"],
}
ROTATE: Final[Json] = {"keep_old_secret_active_for_24_hours": True}
TEST_EVENT: Final[Json] = {"event_type": "fine_tuning.job.succeeded"}
TEST_RESULT: Final[Json] = {
    "object": "webhook_endpoint.test",
    "event_type": "fine_tuning.job.succeeded",
    "status_code": 200,
    "success": True,
    "webhook_endpoint_id": ENDPOINT,
    "duration_ms": 84,
    "answer": "ok",
}
WEBHOOK_DELIVERY: Final[Json] = {
    "id": DELIVERY,
    "object": "webhook_delivery",
    "created_at": BEGAN + 5400,
    "event_id": HAPPENED,
    "event_type": "fine_tuning.job.succeeded",
    "object_id": JOB,
    "webhook_endpoint_id": ENDPOINT,
    "url": HOOK,
    "state": "delivered",
    "attempt_count": 1,
    "next_attempt_at": None,
    "delivered_at": BEGAN + 5401,
    "last_status_code": 200,
    "last_error": None,
}
DELIVERIES: Final[Json] = {
    "object": "list",
    "data": [WEBHOOK_DELIVERY],
    "has_more": False,
    "first_id": DELIVERY,
    "last_id": DELIVERY,
}
DELIVERY_WITH_ATTEMPTS: Final[Json] = WEBHOOK_DELIVERY | {
    "attempts": [
        {
            "id": "att_01m8942n18zvh325h44wxzt79k",
            "object": "webhook_attempt",
            "number": 1,
            "started_at": BEGAN + 5400,
            "duration_ms": 84,
            "status_code": 200,
            "error": None,
            "answer": "ok",
        }
    ],
}
DELIVERY_REPLAYED: Final[Json] = DELIVERY_WITH_ATTEMPTS | {
    "state": "pending",
    "next_attempt_at": BEGAN + 9000,
    "delivered_at": None,
}

TOLD_SUCCEEDED: Final[Json] = {
    "id": HAPPENED,
    "object": "event",
    "created_at": BEGAN + 5400,
    "timestamp": "2026-11-25T10:30:00.000Z",
    "type": "fine_tuning.job.succeeded",
    "data": {
        "id": JOB,
        "object": "fine_tuning.job",
        "status": "succeeded",
        "model": "qwen3-32b",
        "fine_tuned_model": TUNED,
        "training_file": TRAINING_FILE,
        "trained_tokens": 36240,
        "finished_at": BEGAN + 5400,
        "metadata": {"order": "4711"},
        "error": None,
        "sequence": 7,
    },
}


def told(status: str, **ended: Any) -> Json:
    """Return the webhook about the same job with another end."""
    body: Json = TOLD_SUCCEEDED | {"type": f"fine_tuning.job.{status}"}
    missing = {"fine_tuned_model": None, "trained_tokens": None}
    return body | {"data": body["data"] | missing | {"status": status} | ended}


TOLD_FAILED: Final[Json] = told("failed", error=JOB_FAILED["error"])
TOLD_CANCELLED: Final[Json] = told("cancelled")
