"""The packages for Node: `openai`, and `standardwebhooks` on what was really delivered."""

from .conftest import Converse

SEEN = {
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
    "uploads": ["pending", "completed", "cancelled"],
    "pause": ["queued", True, "queued", False],
    "checkpoints": True,
    "endpoint": ["jobs", True, "all"],
    "endpointWebhook": "fine_tuning.job.succeeded",
    "endpointDeleted": True,
    "modelDeleted": True,
}


async def test_its_client_and_its_verifier_say_and_take_all_that_they_know(converse: Converse) -> None:
    assert await converse("node", "node/conversation.mjs") == SEEN
