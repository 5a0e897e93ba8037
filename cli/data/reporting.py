"""The report on a training file and its validation file, in the shape that the API answers with."""

from typing import Any

from cli.data.checking import Checked, Validation
from domain.training_data.examination import Examined
from domain.training_data.quality.leak import leak
from domain.training_data.report import examined_record, report, structure_record


def whole_report(found: Checked, other: Validation | None, *, policy: str) -> dict[str, Any]:
    """Return errors, warnings and summary; what is wrong with the validation file is one error of it."""
    examined = found.examined
    if examined is not None and other is not None:
        examined = _with_leak(examined, found, other)
    told = report(
        structure_record(found.structure),
        None if examined is None else examined_record(examined),
        file=found.name,
        bytes=found.size,
        policy=policy,
    )
    if other is not None and not other.structure.usable:
        told["errors"].append(_unusable(other))
    return told


def _with_leak(examined: Examined, found: Checked, other: Validation) -> Examined:
    leaked = leak(found.fingerprints, other.fingerprints)
    figures = {"file": other.name, "bytes": other.size, **leaked.figures}
    return Examined((*examined.findings, *leaked.findings), {**examined.figures, "validation_leak": figures})


def _unusable(other: Validation) -> dict[str, Any]:
    structure = other.structure
    why = structure.summary or "It holds no example."
    why_zh = structure.summary_zh or "其中没有样本。"
    return {
        "line": None,
        "message_index": None,
        "code": "validation_file_unusable",
        "message": f"The validation file {other.name} cannot be used: {why}",
        "message_zh": f"验证文件 {other.name} 无法使用:{why_zh}",
        "fix": "Check it by itself: `tuneward data check` names every line.",
        "fix_zh": "请单独检查该文件:`tuneward data check` 会逐行指出问题。",
    }
