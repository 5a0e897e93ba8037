"""How objects differ from what OpenAI's contract says of them, in words."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from xpulink import scalars
from xpulink.status_map import fold

SIX: Final = ("validating_files", "queued", "running", "succeeded", "failed", "cancelled")
Check = Callable[[Any], bool]


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _object(value: Any) -> bool:
    return isinstance(value, dict)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _error(value: Any) -> bool:
    return isinstance(value, dict) and {"code", "message"} <= value.keys()


def _or_null(check: Check) -> Check:
    return lambda value: value is None or check(value)


JOB: Final[Mapping[str, Check]] = {
    "id": _text,
    "object": lambda value: value == "fine_tuning.job",
    "created_at": _whole,
    "error": _or_null(_error),
    "fine_tuned_model": _or_null(_text),
    "finished_at": _or_null(_whole),
    "hyperparameters": _object,
    "model": _text,
    "organization_id": _text,
    "result_files": _texts,
    "status": lambda value: value in SIX,
    "trained_tokens": _or_null(_whole),
    "training_file": _text,
    "validation_file": _or_null(_text),
    "seed": _whole,
}
FILE: Final[Mapping[str, Check]] = {
    "id": _text,
    "object": lambda value: value == "file",
    "bytes": _whole,
    "created_at": _whole,
    "filename": _text,
    "purpose": _text,
    "status": lambda value: value in ("uploaded", "processed", "error"),
}


def oddities(contract: Mapping[str, Check], objects: Iterable[Any]) -> list[str]:
    """Say what is odd about objects, the most frequent first; `status` of a job is `words`' to judge."""
    listed = list(objects)
    found = Counter(odd for each in listed for odd in _odd(contract, each))
    many = len(listed) > 1
    return [f"{odd} ({count} of {len(listed)})" if many else odd for odd, count in found.most_common()]


def _odd(contract: Mapping[str, Check], each: Any) -> list[str]:
    if not isinstance(each, dict):
        return [f"{_kind(each)} in place of an object"]
    absent = [f"no {name}" for name in contract if name not in each]
    wrong = [
        f"{name} is {_kind(each[name])}"
        for name, check in contract.items()
        if name in each and not check(each[name]) and not (contract is JOB and name == "status")
    ]
    return absent + wrong


def words(jobs: Iterable[Any]) -> tuple[list[str], list[str]]:
    """Return the status words seen, and of those that OpenAI does not have how each is read."""
    seen = dict.fromkeys(_word(job) for job in jobs if isinstance(job, dict))
    strange = [word for word in seen if word not in SIX]
    return list(seen), [f"{word} is read as {_read(word)}" for word in strange]


def _word(job: Mapping[str, Any]) -> str:
    status = job.get("status")
    return (scalars.escaped(status) or "(empty)") if isinstance(status, str) else f"({_kind(status)})"


def _read(word: str) -> str:
    status = fold(word)
    return "running, for nobody knows it" if status is None else status.value


def envelope(listed: Any) -> list[str]:
    """Say what is odd about a list as such."""
    if isinstance(listed, list):
        return ["a bare array"]
    if not isinstance(listed, dict):
        return [f"{_kind(listed)} in place of a list"]
    odd = ["no object"] if listed.get("object") != "list" else []
    if not isinstance(listed.get("data"), list):
        odd.append(f"data is {_kind(listed.get('data'))}")
    return odd


def items(listed: Any) -> list[Any]:
    """Return what a list holds, however it is wrapped."""
    inner = listed.get("data") if isinstance(listed, dict) else listed
    return inner if isinstance(inner, list) else []


_KINDS: Final = {
    type(None): "null",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "an object",
}


def _kind(value: Any) -> str:
    kind = _KINDS[type(value)]
    return f"empty {kind.split()[-1]}" if value in ("", {}) else kind
