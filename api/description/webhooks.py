"""What we send: the webhooks, in the document's own section for them.

A test holds the schema against the bodies that `domain.events` writes.
"""

from typing import Any, Final

from api.description import webhook_examples
from api.description.refusals import reference

Json = dict[str, Any]

_ENDED: Final[Json] = {
    "id": {"type": "string", "description": "Id of the job."},
    "object": {"const": "fine_tuning.job", "description": "What the id names."},
    "status": {
        "type": "string",
        "enum": ["succeeded", "failed", "cancelled"],
        "description": "How the job ended; this does not change any more.",
    },
    "model": {"type": "string", "description": "The base model, as the create named it."},
    "fine_tuned_model": {
        "type": ["string", "null"],
        "description": "Name of the tuned model, ready for chat; null unless the job succeeded.",
    },
    "training_file": {"type": "string", "description": "Id of the training file."},
    "trained_tokens": {"type": ["integer", "null"], "description": "Tokens that were trained on, if known."},
    "finished_at": {"type": "integer", "description": "When the job ended, in Unix seconds."},
    "metadata": {
        "type": ["object", "null"],
        "additionalProperties": {"type": "string"},
        "description": "The job's metadata; null if there is none, or too much for a webhook.",
    },
    "error": {
        "description": "Why the job failed; null unless it did.",
        "anyOf": [reference("FineTuningJobError"), {"type": "null"}],
    },
    "sequence": {
        "type": "integer",
        "description": "Grows with each change: tells late news apart.",
    },
}
_TEST: Final = {"const": True, "description": "There if an endpoint is tried out: no such job ever was."}
WEBHOOK_SCHEMAS: Final[Json] = {
    "JobEndedWebhook": {
        "type": "object",
        "description": "The body of a webhook, under 20 kB. New keys may be added.",
        "required": ["id", "object", "created_at", "timestamp", "type", "data"],
        "properties": {
            "id": {"type": "string", "description": "Id of what happened, the same for every endpoint told."},
            "object": {"const": "event", "description": "Always `event`."},
            "created_at": {"type": "integer", "description": "When it happened, in Unix seconds."},
            "timestamp": {
                "type": "string",
                "format": "date-time",
                "description": "The same moment, as Standard Webhooks writes it.",
            },
            "type": {
                "type": "string",
                "enum": [f"fine_tuning.job.{end}" for end in _ENDED["status"]["enum"]],
                "description": "What happened.",
            },
            "data": reference("EndedJob"),
        },
    },
    "EndedJob": {
        "type": "object",
        "description": "The job as it ended: enough to act on without another request.",
        "required": list(_ENDED),
        "properties": _ENDED | {"test": _TEST},
    },
}
_HEADERS: Final = {
    "webhook-id": ("The delivery: the same on every try and replay, so skip one you know.", "string"),
    "webhook-timestamp": ("Unix seconds of this try. Refuse what is over five minutes old.", "integer"),
    "webhook-signature": (
        "`v1,` and base64 of HMAC-SHA256 over `{id}.{timestamp}.{body}`; two while a secret is rotated.",
        "string",
    ),
}


def _webhook(end: str, summary: str, example: Json) -> Json:
    return {
        "post": {
            "tags": ["Webhooks"],
            "operationId": f"fineTuningJob{end.capitalize()}",
            "summary": summary,
            "description": "Sent to the job's `webhook_url` and to each endpoint that listens for it.",
            "security": [],
            "parameters": [
                {
                    "name": name,
                    "in": "header",
                    "required": True,
                    "description": text,
                    "schema": {"type": kind},
                }
                for name, (text, kind) in _HEADERS.items()
            ],
            "requestBody": {
                "required": True,
                "description": "What happened, as JSON. The signature is over these very bytes.",
                "content": {"application/json": {"schema": reference("JobEndedWebhook"), "example": example}},
            },
            "responses": {
                "2XX": {"description": "You have it: the delivery is done."},
                "410": {"description": "Nobody is here any more: the endpoint is switched off."},
                "default": {"description": "Tried again for about three days; `retry-after` is heeded."},
            },
        }
    }


WEBHOOKS: Final[Json] = {
    "fine_tuning.job.succeeded": _webhook(
        "succeeded", "A job has succeeded", webhook_examples.TOLD_SUCCEEDED
    ),
    "fine_tuning.job.failed": _webhook("failed", "A job has failed", webhook_examples.TOLD_FAILED),
    "fine_tuning.job.cancelled": _webhook(
        "cancelled", "A job was cancelled", webhook_examples.TOLD_CANCELLED
    ),
}
