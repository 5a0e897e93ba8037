"""Bodies and parameters that routes read from the request themselves, and answers that are not JSON."""

from typing import Any, Final

from api.description import examples
from api.metadata_filter import MOST_PAIRS
from domain.files import LONGEST_LIFE, SHORTEST_LIFE, UPLOADABLE

Json = dict[str, Any]


def text(example: str, media_type: str = "text/plain") -> Json:
    """Return the content of an answer in text."""
    return {media_type: {"schema": {"type": "string"}, "example": example}}


def _form(
    properties: Json, *, required: list[str], together: list[str], description: str, example: Json
) -> Json:
    schema = {
        "type": "object",
        "required": required,
        "properties": properties,
        "dependentRequired": {name: [other for other in together if other != name] for name in together},
    }
    return {
        "required": True,
        "description": description,
        "content": {"multipart/form-data": {"schema": schema, "example": example}},
    }


def _example_named(named: Json) -> Json:
    return {"examples": {name: {"value": value} for name, value in named.items()}}


FILE_UPLOAD: Final[Json] = _form(
    {
        "purpose": {
            "type": "string",
            "enum": list(UPLOADABLE),
            "description": "What the file is for; `fine-tune` is checked as training data.",
            "examples": ["fine-tune"],
        },
        "file": {
            "type": "string",
            "contentMediaType": "application/octet-stream",
            "minLength": 1,
            "description": "The file itself. A training file is JSON Lines: an example on each line.",
        },
        "expires_after[anchor]": {
            "type": "string",
            "const": "created_at",
            "description": "From when the file's life is counted; goes with the seconds.",
        },
        "expires_after[seconds]": {
            "type": "integer",
            "minimum": int(SHORTEST_LIFE.total_seconds()),
            "maximum": int(LONGEST_LIFE.total_seconds()),
            # The page fills its form with it, whether wanted or not: let it be one that harms nobody.
            "examples": [int(LONGEST_LIFE.total_seconds())],
            "description": "Seconds after which the file is deleted; left out, it stays.",
        },
        "max_invalid_ratio": {
            "type": "number",
            "minimum": 0,
            "maximum": 1,
            "examples": [0],
            "description": "The share of a training file's lines that may be faulty: they are left out in "
            "training. Left out, it is 0.",
        },
    },
    required=["file", "purpose"],
    together=["expires_after[anchor]", "expires_after[seconds]"],
    description="The form's parts, in any order; parts of other names are ignored.",
    example={"purpose": "fine-tune", "file": examples.TRAINING_LINE},
)
TRAIN_ON_IT: Final[Json] = {
    "createFineTuningJob": {
        "operationId": "createFineTuningJob",
        "description": "Train on it.",
        "requestBody": {"model": "qwen3-32b", "training_file": "$response.body#/id"},
    }
}
CHECK: Final[Json] = _form(
    {
        "file": {
            "type": "string",
            "contentMediaType": "application/octet-stream",
            "minLength": 1,
            "description": "The file: JSON Lines, an example on each line.",
        }
    },
    required=["file"],
    together=[],
    description="The file that is checked. Parts of other names are ignored.",
    example={"file": examples.TRAINING_LINE},
)
UPLOAD_PART: Final[Json] = _form(
    {
        "data": {
            "type": "string",
            "contentMediaType": "application/octet-stream",
            "minLength": 1,
            "description": "The part's bytes, 64 MiB at most.",
        }
    },
    required=["data"],
    together=[],
    description="One part of the file. Parts may be sent in parallel and in any order.",
    example={"data": examples.TRAINING_LINE},
)
FILE_CONTENT: Final[Json] = {
    "application/octet-stream": {
        "schema": {"type": "string", "contentMediaType": "application/octet-stream"},
        "example": examples.TRAINING_LINE,
    },
    **text("step,train_loss,train_accuracy\n100,0.84,0.79\n", "text/csv"),
}
METADATA_FILTER: Final[Json] = {
    "name": "metadata",
    "in": "query",
    "required": False,
    "style": "deepObject",
    "explode": True,
    "description": (
        f"`metadata[key]=value`, up to {MOST_PAIRS} of them: only jobs that have all these pairs. "
        "`metadata=null`: only jobs without metadata."
    ),
    "examples": {
        "all": {"summary": "All jobs", "value": {}},
        "order": {"summary": "Those of an order", "value": {"order": "4711"}},
    },
    "schema": {
        "type": "object",
        "maxProperties": MOST_PAIRS,
        "additionalProperties": {"type": "string", "description": "The value that the key must have."},
    },
}

CHAT: Final[Json] = {
    "required": True,
    "description": "A chat completion as the platform takes it; only the model's name is translated.",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["model", "messages"],
                "additionalProperties": True,
                "properties": {
                    "model": {
                        "type": "string",
                        "description": "A base model, an alias or a tuned model of this project.",
                    },
                    "messages": {
                        "type": "array",
                        "minItems": 1,
                        "items": {"type": "object", "additionalProperties": True},
                        "description": "The conversation so far, as OpenAI writes it.",
                    },
                    "stream": {
                        "type": "boolean",
                        "description": "Whether the answer comes word by word, as `text/event-stream`.",
                    },
                },
            },
            **_example_named({"at_once": examples.CHAT, "streamed": examples.CHAT_STREAMED}),
        }
    },
}
CHAT_ANSWER: Final[Json] = {
    "application/json": {
        "schema": {"type": "object", "additionalProperties": True},
        **_example_named({"completion": examples.CHAT_ANSWER}),
    },
    **text(examples.CHAT_STREAM, "text/event-stream"),
}
PASSED_ON: Final[Json] = {
    "description": "What the platform itself refuses is passed on as it came.",
    "content": {"*/*": {"schema": {}}},
}

READY: Final = "database: ok\nstorage: ok\nredis: ok\n"
NOT_READY: Final[Json] = {
    "description": "It cannot: the database or the storage is away.",
    "content": text("database: unreachable\nstorage: ok\nredis: ok\n"),
}
METRICS: Final = 'tuneward_http_requests_total{method="GET",route="/v1/models",status="200"} 12.0\n'
