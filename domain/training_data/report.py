"""The report on a training file: what is kept of a check, and the form in which it is told.

`{"errors": […], "warnings": […], "summary": {…}}`: each entry has line, message index, code, what is wrong
and how to mend it, in English and (`…_zh`) Chinese; a warning also has the lines it is about, and how many.
"""

import zlib
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

import msgspec

from domain.training_data.estimate import ERROR
from domain.training_data.examination import Examined
from domain.training_data.faults import Fault, Flaw
from domain.training_data.findings import Finding
from domain.training_data.structure import Structure
from domain.wording import in_chinese

_OF_STRUCTURE: Final = ("examples", "lines", "kind", "fault_count", "faulty_count")


def structure_record(structure: Structure) -> dict[str, Any]:
    """Return what is kept of a structure: plain values, the flaws without their words."""
    return {
        **{name: getattr(structure, name) for name in _OF_STRUCTURE},
        "usable": structure.usable,
        "invalid_ratio": structure.invalid_ratio,
        "estimated_tokens": structure.tokens.tokens,
        "summary": structure.summary,
        "summary_zh": structure.summary_zh,
        "flaws": [
            [line, flaw.code, flaw.message_index, flaw.field, flaw.seen, flaw.within]
            for line, flaw in structure.flaws
        ],
    }


def examined_record(examined: Examined) -> dict[str, Any]:
    """Return what is kept of an examination."""
    return {"findings": [asdict(finding) for finding in examined.findings], "figures": examined.figures}


def packed(record: Mapping[str, Any]) -> bytes:
    """Return a record as compressed JSON."""
    return zlib.compress(msgspec.json.encode(record))


def unpacked(content: bytes) -> dict[str, Any]:
    """Return the record that was packed."""
    record: dict[str, Any] = msgspec.json.decode(zlib.decompress(content))
    return record


def report(
    structure: Mapping[str, Any], examined: Mapping[str, Any] | None, **summary: Any
) -> dict[str, Any]:
    """Return the report made of the two records; without the second, tokens are an estimate.

    What else is given goes into the summary.
    """
    figures = dict(examined["figures"]) if examined else {}
    tokens = figures.pop("tokens", None) or _estimate(structure["estimated_tokens"])
    told = [Finding(**_with_tuple(finding)) for finding in examined["findings"]] if examined else []
    errors = [_error(_flaw(*flaw[1:]).on(flaw[0])) for flaw in structure["flaws"]]
    return {
        "errors": errors,
        "warnings": [_warning(finding) for finding in told],
        "summary": {
            "usable": structure["usable"],
            **{name: structure[name] for name in _OF_STRUCTURE},
            "invalid_ratio": round(structure["invalid_ratio"], 6),
            "faults_left_out": max(0, structure["fault_count"] - len(errors)),
            "in_words": structure["summary"] or _in_order(structure),
            "in_words_zh": in_chinese(structure["summary_zh"] or _in_order_zh(structure)),
            "tokens": tokens,
            **figures,
            **summary,
        },
    }


def _flaw(code: str, message_index: int | None, field: str, seen: str, within: str) -> Flaw:
    return Flaw(code=code, message_index=message_index, field=field, seen=seen, within=within)


def _with_tuple(finding: Mapping[str, Any]) -> dict[str, Any]:
    return {**finding, "lines": tuple(finding["lines"])}


def _estimate(tokens: int) -> dict[str, Any]:
    return {"exact": False, "error": ERROR, "total": tokens}


def _in_order(structure: Mapping[str, Any]) -> str:
    return f"All {structure['examples']} examples can be used."


def _in_order_zh(structure: Mapping[str, Any]) -> str:
    return f"全部 {structure['examples']} 个样本均可使用。"


def _error(fault: Fault) -> dict[str, Any]:
    return {
        "line": fault.line,
        "message_index": fault.message_index,
        "code": fault.code,
        "message": fault.message,
        "fix": fault.fix,
        "message_zh": in_chinese(fault.message_zh),
        "fix_zh": in_chinese(fault.fix_zh),
    }


def _warning(finding: Finding) -> dict[str, Any]:
    return {
        "line": finding.line,
        "message_index": finding.message_index,
        "code": finding.code,
        "message": finding.message,
        "fix": finding.fix,
        "message_zh": in_chinese(finding.message_zh),
        "fix_zh": in_chinese(finding.fix_zh),
        "lines": list(finding.lines),
        "count": finding.count,
    }
