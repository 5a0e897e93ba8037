"""Which parts of the contract the service offers, so that conversations leave out what does not exist yet."""

import re
from typing import Any

PARTS = {
    "uploads": "POST /v1/uploads/{}/complete",
    "pause": "POST /v1/fine_tuning/jobs/{}/pause",
    "checkpoints": "GET /v1/fine_tuning/jobs/{}/checkpoints",
    "webhook_endpoints": "POST /v1/webhook_endpoints",
    "model_deletion": "DELETE /v1/models/{}",
}
STILL_TO_COME = frozenset(PARTS)
"""What may be missing. Whatever is offered is spoken about at once; empty this when all of it is there."""


def parts(document: dict[str, Any]) -> list[str]:
    """Return the parts whose route an OpenAPI document has."""
    routes = {
        f"{method.upper()} {re.sub(r'{[^}]*}', '{}', path)}"
        for path, methods in document["paths"].items()
        for method in methods
    }
    return [part for part, route in PARTS.items() if route in routes]
