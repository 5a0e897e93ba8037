"""The packages for Node: `openai`, and `standardwebhooks` on what was really delivered."""

from typing import Any

from .conftest import Converse

ALWAYS = {
    "major": 7,
    "models": ["qwen3-32b", "gpt-4o-mini"],
    "noModel": ["NotFoundError", 404, "model_not_found", "model"],
    "file": ["processed", 3600],
    "created": ["queued", {"team": "a", "two words": "é"}],
    "cancelled": "cancelled",
    "cancelledTwice": ["ConflictError", 409, "job_already_ended", None],
    "tooManyEpochs": ["BadRequestError", 400, "invalid_value", "hyperparameters.n_epochs"],
    "ended": ["succeeded", True, True],
    "webhook": ["fine_tuning.job.succeeded", True],
    "chat": [True, True, True],
    "fileDeleted": True,
    "noFile": ["NotFoundError", 404, "not_found", "file_id"],
}
WHERE_OFFERED: dict[str, dict[str, Any]] = {
    "uploads": {"uploads": ["pending", "completed", "cancelled"]},
    "pause": {"pause": ["queued", True, "queued", False]},
    "checkpoints": {"checkpoints": True},
    "webhook_endpoints": {
        "endpoint": ["jobs", True, "all"],
        "endpointWebhook": "fine_tuning.job.succeeded",
        "endpointDeleted": True,
    },
    "model_deletion": {"modelDeleted": True},
}


async def test_its_client_and_its_verifier_say_and_take_all_that_is_offered(
    offers: list[str], converse: Converse
) -> None:
    expected = ALWAYS | {key: value for part in offers for key, value in WHERE_OFFERED[part].items()}
    assert await converse("node", "node/conversation.mjs") == expected
