"""Examples about training data: reports, the policy, plans, limits. The story of `examples` goes on."""

from typing import Any, Final

from api.description.examples import CREATE_LORA, TRAINING_FILE
from domain.training_data.personal_data.policies import SENTENCES, Policy

Json = dict[str, Any]

_ERROR: Final[Json] = {
    "line": 25,
    "message_index": 1,
    "code": "unknown_role",
    "message": "Line 25: message 2 has the role 'asistant'; use system, developer, user, assistant, tool or "
    "function.",
    "fix": "Write what the model is asked as user, and what it shall answer as assistant.",
    "message_zh": "第 25 行第 2 条消息的角色是 'asistant';可用的角色为 system、developer、user、"
    "assistant、tool、function。",
    "fix_zh": "提问使用 user,期望的回答使用 assistant。",
}
_WARNING: Final[Json] = {
    "line": 4,
    "message_index": 0,
    "code": "personal_data.phone_number",
    "message": "The file holds 1 phone number; training data should hold no personal data and no secrets.",
    "fix": "Remove them or put made-up ones in their place.",
    "message_zh": "文件中有 1 个电话号码;训练数据不应包含个人信息和密钥。",
    "fix_zh": "请删除或改用虚构的内容。",
    "lines": [4],
    "count": 1,
}
_SUMMARY: Final[Json] = {
    "usable": False,
    "examples": 24,
    "lines": 25,
    "kind": "chat",
    "fault_count": 1,
    "faulty_count": 1,
    "invalid_ratio": 0.04,
    "faults_left_out": 0,
    "in_words": f"1 line of 25 cannot be used. {_ERROR['message']}",
    "in_words_zh": f"共 25 行,其中 1 行无法使用。{_ERROR['message_zh']}",
    "tokens": {"exact": False, "error": 0.25, "total": 610},
    "policy": "warn",
}
_COUNTED: Final[Json] = {
    "tokens": {"exact": True, "error": 0.0, "total": 667, "trained": 254, "prompt": 413},
    "personal_data": {
        "hits": 1,
        "by_kind": {"phone_number": 1},
        "redactions": [
            {
                "line": 4,
                "message_index": 0,
                "kind": "phone_number",
                "seen": "138****5678",
                "replacement": "[PHONE_1]",
            }
        ],
        "redactions_left_out": 0,
    },
}
CHECKED: Final[Json] = {"errors": [_ERROR], "warnings": [_WARNING], "summary": _SUMMARY | _COUNTED}
_REPORT: Final[Json] = {"object": "file.report", "file_id": TRAINING_FILE}
REPORT: Final[Json] = CHECKED | _REPORT | {"status": "complete"}
REPORT_PENDING: Final[Json] = REPORT | {"status": "pending", "warnings": [], "summary": _SUMMARY}
TOKENS: Final[Json] = {
    "object": "list",
    "data": [
        {"line": 1, "tokens": 28, "trained_tokens": 11},
        {"line": 2, "tokens": 41, "trained_tokens": 13},
    ],
    "has_more": True,
}

CHANGE_POLICY: Final[Json] = {"personal_data": "redact"}
POLICY: Final[Json] = CHANGE_POLICY | {
    "object": "training_data.policy",
    "meaning": SENTENCES[Policy.REDACT][0],
    "meaning_zh": SENTENCES[Policy.REDACT][1],
}

_REASON: Final = "You asked for it."
_REASON_ZH: Final = "按您的要求设置。"
PLAN: Final[Json] = {
    "object": "fine_tuning.plan",
    "model": "qwen3-32b",
    "method": "supervised",
    "training_file": TRAINING_FILE,
    "validation_file": None,
    "examples": 200,
    "validation_examples": None,
    "tokens": {"count": 41200, "trained": 18300, "error": 0, "in_all_low": 123600, "in_all_high": 123600},
    "steps": {"per_epoch": 50, "total": 150},
    "hyperparameters": [
        {"name": name, "value": value, "source": "request", "reason": _REASON, "reason_zh": _REASON_ZH}
        for name, value in CREATE_LORA["hyperparameters"].items()
    ],
    "risks": [],
    "duration": {
        "low": 1200,
        "high": 2400,
        "basis": "The platform's guide: 200 examples in 3 epochs take 20 to 40 minutes.",
        "basis_zh": "依据平台指南:200 个样本训练 3 个 epoch 需要 20 到 40 分钟。",
    },
    "price": {
        "low": "4.94",
        "high": "4.94",
        "currency": "CNY",
        "basis": "123,600 tokens at 40 CNY per million.",
        "basis_zh": "123,600 个 token,每百万 40 CNY。",
    },
    "place_in_queue": 2,
}

LIMITS: Final[Json] = {
    "object": "model.limits",
    "model": "qwen3-32b",
    "context_length": 32768,
    "methods": {"supervised": ["n_epochs", "batch_size", "learning_rate"]},
    "hyperparameters": [
        {
            "name": "n_epochs",
            "whole": True,
            "auto": True,
            "allowed": {"low": 1, "high": 50, "over": False, "under": False},
            "guide_forms": {"low": 1, "high": 10, "over": False, "under": False},
            "sensible": {"low": 2, "high": 5, "over": False, "under": False},
            "default": 3,
            "presets": [
                {"from_examples": 0, "to_examples": 99, "value": 5},
                {"from_examples": 100, "to_examples": 1000, "value": 3},
                {"from_examples": 1001, "to_examples": None, "value": 2},
            ],
            "advice": "Fewer when it over-fits.",
            "advice_zh": "过拟合时请减少轮数。",
        }
    ],
    "files": {
        "max_file_bytes": 536870912,
        "max_line_bytes": 4194304,
        "min_examples": 1,
        "recommended_examples": 50,
    },
}
