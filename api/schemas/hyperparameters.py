"""How hyperparameters are described; the limits are those that `domain.hyperparameters` checks."""

from typing import Any, Final

from domain.hyperparameters import AUTO, LIMITS, Range

Json = dict[str, Any]

_MEANING: Final = {
    "n_epochs": "How often the whole training file is gone through.",
    "batch_size": "Examples per step.",
    "learning_rate_multiplier": "Scales the learning rate that the size of the data set suggests.",
    "learning_rate": "The learning rate itself.",
    "lora_r": "Rank of the LoRA matrices.",
    "lora_alpha": "Scale of the LoRA update.",
    "lora_dropout": "Dropout on the LoRA layers.",
}


def _described(name: str, limits: Range) -> Json:
    number = {
        "type": ["integer" if limits.whole else "number", "null"],
        "exclusiveMinimum" if limits.over else "minimum": limits.low,
        "exclusiveMaximum" if limits.under else "maximum": limits.high,
    }
    text = f"{_MEANING.get(name, '')} {str(limits).capitalize()}.".strip()
    if not limits.auto:
        return number | {"description": text}
    return {"anyOf": [number, {"type": "string", "const": AUTO}], "description": text}


HYPERPARAMETERS: Final[Json] = {
    "properties": {name: _described(name, limits) for name, limits in LIMITS.items()},
    "additionalProperties": False,
}
_TUNING: Final = {
    "type": ["object", "null"],
    "additionalProperties": True,
    "description": "Read if `type` names it, passed over otherwise.",
}
METHOD: Final[Json] = {
    "properties": {
        "type": {
            "type": "string",
            "enum": ["supervised", "dpo", "reinforcement"],
            "default": "supervised",
            "description": "Which of the other keys counts.",
        },
        "supervised": _TUNING
        | {
            "properties": {
                "hyperparameters": {
                    "type": ["object", "null"],
                    "description": "As at the top level; the same key in both places has one value.",
                    **HYPERPARAMETERS,
                }
            }
        },
        "dpo": _TUNING,
        "reinforcement": _TUNING,
    },
    "additionalProperties": True,
}
