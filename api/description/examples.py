"""Examples of what goes in and comes out, as one story: a file, a job on it, its end.

A test holds each of them against the schema that it stands beside.
"""

from typing import Any, Final

Json = dict[str, Any]

TRAINING_FILE: Final = "file-01m88yxtm0hd99fdtgj8yepfzx"
RESULT_FILE: Final = "file-01m8942m20m0qqjpwjktd9n07x"
UPLOAD: Final = "upload_01m88yxtm0f7s8sd50tzb24nkn"
PART_IDS: Final = ["part_01m88yxzg8vhnt76fr59jtn742", "part_01m88yy0fgma33pqsxgrk8xk25"]
DELIVERY: Final = "wh_01m8942m20zvh325h44wxzt79k"
HAPPENED: Final = "evt_01m8942m20hm044s868hw1z72r"
JOB: Final = "ftjob-01m88yzn70kc411hkzv6ab5e7x"
PROJECT: Final = "proj_01m7besdr0xm1xwe1qggkd1ea4"
ENDPOINT: Final = "we_01m86ch3m0h9yqgrsgejvse0w6"
CHECKPOINT: Final = "ftckpt_01m891sca0tsjeha2jkw1nxyh5"
TUNED: Final = "ft:qwen3-32b:acme:support:c4f1"
HOOK: Final = "https://example.com/hooks/tuneward"
BEGAN: Final = 1795597200
"""Unix seconds."""

TRAINING_LINE: Final = (
    '{"messages": [{"role": "user", "content": "Where is my order?"}, '
    '{"role": "assistant", "content": "It left our warehouse this morning."}]}\n'
)
FILE: Final[Json] = {
    "id": TRAINING_FILE,
    "object": "file",
    "bytes": 48211,
    "created_at": BEGAN,
    "filename": "train.jsonl",
    "purpose": "fine-tune",
    "status": "processed",
}
FAULTY_FILE: Final[Json] = FILE | {
    "id": "file-01m88yyqxgx9xnxdb1mggp6rv9",
    "status": "error",
    "status_details": "line 7: messages[1].role is 'asistant'; it can be system, user, assistant or tool",
}
EXPIRING_FILE: Final[Json] = FILE | {"expires_at": BEGAN + 86400}
FILES: Final[Json] = {
    "object": "list",
    "data": [FILE],
    "has_more": False,
    "first_id": TRAINING_FILE,
    "last_id": TRAINING_FILE,
}
FILE_DELETED: Final[Json] = {"id": TRAINING_FILE, "object": "file", "deleted": True}

CREATE_UPLOAD: Final[Json] = {
    "filename": "train.jsonl",
    "purpose": "fine-tune",
    "bytes": 134217728,
    "mime_type": "application/jsonl",
}
UPLOAD_PENDING: Final[Json] = {
    "id": UPLOAD,
    "object": "upload",
    "bytes": 134217728,
    "created_at": BEGAN,
    "expires_at": BEGAN + 3600,
    "filename": "train.jsonl",
    "purpose": "fine-tune",
    "status": "pending",
}
UPLOAD_COMPLETED: Final[Json] = UPLOAD_PENDING | {
    "status": "completed",
    "file": FILE | {"bytes": 134217728, "created_at": BEGAN + 30},
}
UPLOAD_CANCELLED: Final[Json] = UPLOAD_PENDING | {"status": "cancelled"}
PART: Final[Json] = {
    "id": PART_IDS[0],
    "object": "upload.part",
    "created_at": BEGAN + 5,
    "upload_id": UPLOAD,
    "bytes": 67108864,
    "md5": "7f614da9329cd3aebf59b91aadc30bf0",
}
PARTS: Final[Json] = {
    "object": "list",
    "data": [PART],
    "has_more": False,
    "first_id": PART_IDS[0],
    "last_id": PART_IDS[0],
}

CREATE: Final[Json] = {"model": "qwen3-32b", "training_file": TRAINING_FILE}
CREATE_LORA: Final[Json] = CREATE | {
    "suffix": "support",
    "seed": 42,
    "hyperparameters": {
        "n_epochs": 3,
        "batch_size": 4,
        "learning_rate": 5e-5,
        "lora_r": 8,
        "lora_alpha": 16,
        "lora_dropout": 0.05,
    },
}
CREATE_METHOD: Final[Json] = CREATE | {
    "method": {
        "type": "supervised",
        "supervised": {"hyperparameters": {"n_epochs": "auto", "learning_rate_multiplier": 2}},
    },
}
CREATE_TOLD: Final[Json] = CREATE | {"webhook_url": HOOK, "metadata": {"order": "4711"}}

JOB_QUEUED: Final[Json] = {
    "id": JOB,
    "object": "fine_tuning.job",
    "created_at": BEGAN + 60,
    "error": None,
    "fine_tuned_model": None,
    "finished_at": None,
    "hyperparameters": CREATE_LORA["hyperparameters"],
    "model": "qwen3-32b",
    "organization_id": PROJECT,
    "result_files": [],
    "status": "queued",
    "trained_tokens": None,
    "training_file": TRAINING_FILE,
    "validation_file": None,
    "seed": 42,
    "integrations": None,
    "estimated_finish": None,
    "metadata": {"order": "4711"},
}
JOB_PAUSED: Final[Json] = JOB_QUEUED | {"paused": True}
JOB_RUNNING: Final[Json] = JOB_QUEUED | {"status": "running", "estimated_finish": BEGAN + 5400}
JOB_SUCCEEDED: Final[Json] = JOB_QUEUED | {
    "status": "succeeded",
    "finished_at": BEGAN + 5400,
    "fine_tuned_model": TUNED,
    "trained_tokens": 36240,
    "result_files": [RESULT_FILE],
}
JOB_FAILED: Final[Json] = JOB_QUEUED | {
    "status": "failed",
    "finished_at": BEGAN + 900,
    "error": {
        "code": "invalid_n_examples",
        "message": "The training file has 9 examples; at least 20 are needed.",
        "param": "training_file",
    },
}
JOB_CANCELLED: Final[Json] = JOB_QUEUED | {"status": "cancelled", "finished_at": BEGAN + 600}
JOBS: Final[Json] = {"object": "list", "data": [JOB_SUCCEEDED], "has_more": True}

EVENTS: Final[Json] = {
    "object": "list",
    "data": [
        {
            "id": "ftevent-01m88yzn70kc411hkzv6ab5e7x-00000005",
            "object": "fine_tuning.job.event",
            "created_at": BEGAN + 1800,
            "level": "info",
            "message": "Step 100: training loss 0.84",
            "type": "metrics",
            "data": {"step": 100, "train_loss": 0.84},
        },
        {
            "id": "ftevent-01m88yzn70kc411hkzv6ab5e7x-00000001",
            "object": "fine_tuning.job.event",
            "created_at": BEGAN + 60,
            "level": "info",
            "message": "The job was accepted",
            "type": "message",
            "data": {},
        },
    ],
    "has_more": False,
}
CHECKPOINTS: Final[Json] = {
    "object": "list",
    "data": [
        {
            "id": CHECKPOINT,
            "object": "fine_tuning.job.checkpoint",
            "created_at": BEGAN + 3000,
            "fine_tuned_model_checkpoint": f"{TUNED}:ckpt-step-100",
            "fine_tuning_job_id": JOB,
            "step_number": 100,
            "metrics": {"step": 100, "train_loss": 0.84, "train_mean_token_accuracy": 0.79},
        }
    ],
    "has_more": False,
    "first_id": CHECKPOINT,
    "last_id": CHECKPOINT,
}

BASE_MODEL: Final[Json] = {"id": "qwen3-32b", "object": "model", "created": 0, "owned_by": "xpulink"}
TUNED_MODEL: Final[Json] = {
    "id": TUNED,
    "object": "model",
    "created": BEGAN + 5400,
    "owned_by": PROJECT,
}
MODELS: Final[Json] = {"object": "list", "data": [BASE_MODEL, TUNED_MODEL]}
MODEL_DELETED: Final[Json] = {"id": TUNED, "object": "model", "deleted": True}

CHAT: Final[Json] = {
    "model": TUNED,
    "messages": [{"role": "user", "content": "Where is my order 4711?"}],
    "max_tokens": 200,
}
CHAT_STREAMED: Final[Json] = CHAT | {"stream": True}
CHAT_ANSWER: Final[Json] = {
    "id": "chatcmpl-7Qf2",
    "object": "chat.completion",
    "created": BEGAN + 6000,
    "model": TUNED,
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "It left our warehouse this morning."},
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 14, "completion_tokens": 8, "total_tokens": 22},
}
CHAT_STREAM: Final = (
    'data: {"id":"chatcmpl-7Qf2","object":"chat.completion.chunk","choices":[{"index":0,"delta":'
    '{"content":"It left"}}]}\n\ndata: [DONE]\n\n'
)
