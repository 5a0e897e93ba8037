"""Examples for the tests, and the looks run over them."""

from collections.abc import Sequence
from typing import Any

from msgspec import convert

from domain.training_data.examples import Example
from domain.training_data.findings import Conclusion, Finding, Look, Numbered


def chat(*messages: dict[str, Any], **more: Any) -> Example:
    return convert({"messages": messages, **more}, Example)


def asked(question: str, answer: str, *, system: str | None = None) -> Example:
    before = [] if system is None else [{"role": "system", "content": system}]
    return chat(*before, {"role": "user", "content": question}, {"role": "assistant", "content": answer})


def numbered(examples: Sequence[Example]) -> list[Numbered]:
    return list(enumerate(examples, 1))


def looked(look: Look[Any], examples: Sequence[Example], *, pieces: int = 1) -> Conclusion:
    lines = numbered(examples)
    size = -(-len(lines) // pieces) or 1
    return look.conclude([look.observe(lines[begin : begin + size]) for begin in range(0, len(lines), size)])


def found(conclusion: Conclusion) -> dict[str, Finding]:
    by_code = {finding.code: finding for finding in conclusion.findings}
    assert len(by_code) == len(conclusion.findings)
    return by_code
