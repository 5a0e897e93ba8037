"""How hyperparameters are described; the limits are those that `domain.hyperparameters` checks."""

from collections.abc import Mapping
from typing import Any, Final

from domain.hyperparameters import AUTO, LIMITS, Limit, OneOf, Range
from domain.methods import METHODS, SUPERVISED

Json = dict[str, Any]

_MEANING: Final = {
    "n_epochs": "How often the whole training file is gone through.",
    "batch_size": "Examples per step.",
    "learning_rate_multiplier": "Scales the learning rate that the size of the data set suggests.",
    "learning_rate": "The learning rate itself.",
    "lora_r": "Rank of the LoRA matrices.",
    "lora_alpha": "Scale of the LoRA update.",
    "lora_dropout": "Dropout on the LoRA layers.",
    "beta": "How near the tuned model stays to the base model.",
    "reasoning_effort": "How long the model thinks before it answers.",
    "compute_multiplier": "Scales how much is tried out for each example.",
    "eval_interval": "Steps between two evaluations.",
    "eval_samples": "Answers per example of an evaluation.",
}


def _described(name: str, limit: Limit) -> Json:
    text = f"{_MEANING.get(name, '')} {str(limit).capitalize()}.".strip()
    if isinstance(limit, OneOf):
        return {"enum": [*limit.words, None], "description": text}
    assert isinstance(limit, Range)  # noqa: S101 - there is no third kind
    number = {
        "type": ["integer" if limit.whole else "number", "null"],
        "exclusiveMinimum" if limit.over else "minimum": limit.low,
        "exclusiveMaximum" if limit.under else "maximum": limit.high,
    }
    if not limit.auto:
        return number | {"description": text}
    return {"anyOf": [number, {"type": "string", "const": AUTO}], "description": text}


def _all_of(limits: Mapping[str, Limit]) -> Json:
    properties = {name: _described(name, limit) for name, limit in limits.items()}
    return {"properties": properties, "additionalProperties": False}


def _tuning(kind: str, limits: Mapping[str, Limit]) -> Json:
    inner = {"type": ["object", "null"], "description": "As at the top level.", **_all_of(limits)}
    properties = {"hyperparameters": inner}
    if kind == "reinforcement":
        properties["grader"] = {
            "type": "object",
            "additionalProperties": True,
            "description": "What rewards an answer; the platform says what it may be.",
        }
    return {
        "type": ["object", "null"],
        "additionalProperties": True,
        "description": "Read if `type` names it, passed over otherwise.",
        "properties": properties,
    }


HYPERPARAMETERS: Final[Json] = _all_of(LIMITS)
METHOD: Final[Json] = {
    "properties": {
        "type": {
            "type": "string",
            "enum": list(METHODS),
            "default": SUPERVISED,
            "description": "Which of the other keys counts.",
        },
        **{kind: _tuning(kind, limits) for kind, limits in METHODS.items()},
    },
    "additionalProperties": True,
    "if": {"properties": {"type": {"const": "reinforcement"}}, "required": ["type"]},
    "then": {
        "properties": {"reinforcement": {"type": "object", "required": ["grader"]}},
        "required": ["reinforcement"],
    },
}
