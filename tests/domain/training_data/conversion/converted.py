"""Converts bytes for the tests, and holds every output against the structure check."""

from collections.abc import Iterable, Iterator
from typing import Any

from domain.training_data.conversion import Conversion, Problem, convert
from domain.training_data.structure import StructureCheck

LARGEST = 4 * 1024**2


def cut(content: bytes, size: int) -> Iterator[bytes]:
    return (content[at : at + size] for at in range(0, len(content), size))


def usable(lines: Iterable[bytes]) -> bool:
    check, any_line = StructureCheck(LARGEST), False
    for line in lines:
        check.feed(line)
        any_line = True
    return not any_line or check.finish().fault_count == 0


def outcome(content: bytes | str, size: int = 1 << 16, **wishes: Any) -> tuple[list[Any], Conversion]:
    """Return (line, messages or code of the problem) of each record."""
    raw = content.encode() if isinstance(content, str) else content
    conversion = convert(cut(raw, size), **wishes)
    results = list(conversion)
    assert usable(conversion_lines(raw, size, **wishes))
    return [
        (line, result.code if isinstance(result, Problem) else result["messages"]) for line, result in results
    ], conversion


def conversion_lines(raw: bytes, size: int, **wishes: Any) -> list[bytes]:
    return [line for _, line in convert(cut(raw, size), **wishes).lines() if isinstance(line, bytes)]


def asked(question: str, answer: str, system: str | None = None) -> list[dict[str, str]]:
    said = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return [{"role": "system", "content": system}, *said] if system else said
