"""Examples that are there twice, nearly twice, or with two answers."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

from domain.training_data.examples import Message, messages_of
from domain.training_data.findings import LINES_SHOWN, Conclusion, Finding, Numbered
from domain.training_data.quality.grouping import alike
from domain.training_data.quality.signatures import BYTES_PER_PERMUTATION, SEED, signatures
from domain.training_data.quality.turns import (
    HASH_BYTES,
    fingerprint,
    is_system,
    normalised,
    said,
)
from domain.training_data.quality.wording import Places, Words, worded

PERMUTATIONS: Final = 128
BANDS: Final = 16
LINES_COMPARED: Final = 200_000
"""Near duplicates are looked for among so many lines from the file's beginning, 256 bytes for each."""
_SIGNATURE_BYTES: Final = PERMUTATIONS * BYTES_PER_PERMUTATION
# Who asks nothing has no answer to contradict.
_NOTHING: Final = fingerprint("")
_GROUPS_SHOWN: Final = 5
Group = list[int]
_WORDS: Final = {
    "exact_duplicates": Words(
        "Examples that are there more than once: {count}, in groups: {groups} (lines {lines}).",
        "{count} 条样本重复出现,共 {groups} 组(行号 {lines})。",
        "Keep one of each group: a repeated example is learned by heart and weighs more than the others.",
        "每组只保留一条:重复的样本会被死记硬背,并且权重高于其他样本。",
    ),
    "near_duplicates": Words(
        "Examples that are nearly the same as another: {count}, in groups: {groups} (lines {lines}).",
        "{count} 条样本与其他样本几乎相同,共 {groups} 组(行号 {lines})。",
        "Keep the best of each group, or vary question type, difficulty and phrasing: diverse examples teach"
        " more than repeated ones.",
        "每组保留最好的一条,或者改变问题类型、难度和表达方式:多样的样本比重复的样本更有效。",
    ),
    "contradicting_answers": Words(
        "Examples that ask the same but are answered differently: {count}, questions: {groups}"
        " (lines {lines}).",
        "{count} 条样本的问题相同但回答不同,共 {groups} 个问题(行号 {lines})。",
        "Decide on one answer for each question, unless variety is what you want to teach.",
        "请为每个问题确定一个统一的回答,除非您正是希望模型学会多种回答。",
    ),
}


@dataclass(frozen=True, slots=True)
class Sketches:
    """What is kept of a piece: for each example its line, three hashes of 8 bytes, and a signature."""

    lines: "array[int]" = field(default_factory=lambda: array("I"))
    wholes: bytes = b""
    prompts: bytes = b""
    answers: bytes = b""
    signatures: bytes = b""


@dataclass(slots=True, kw_only=True)
class Duplicates:
    """Looks for examples that repeat each other.

    Attributes:
        threshold: The Jaccard similarity, 0 to 1, from which two conversations are nearly the same.
        seed: Of the permutations; the same one for all pieces of a file.
    """

    threshold: float = 0.8
    seed: int = SEED
    name: str = "duplicates"

    def observe(self, examples: Sequence[Numbered]) -> Sketches:
        """Return 284 bytes for each example, 28 for those beyond the lines that are compared."""
        parts = [_parts(messages_of(example)) for _, example in examples]
        compared = sum(line <= LINES_COMPARED for line, _ in examples)
        return Sketches(
            lines=array("I", (line for line, _ in examples)),
            wholes=b"".join(fingerprint(f"{prompt}\0{answer}") for prompt, answer, _ in parts),
            prompts=b"".join(fingerprint(prompt) for prompt, _, _ in parts),
            answers=b"".join(fingerprint(answer) for _, answer, _ in parts),
            signatures=signatures(
                (conversation for *_, conversation in parts[:compared]), PERMUTATIONS, seed=self.seed
            ),
        )

    def conclude(self, seen: Sequence[Sketches]) -> Conclusion:
        """Return the groups of each kind; near duplicates are looked for among those that differ."""
        lines = array("I", chain.from_iterable(piece.lines for piece in seen))
        wholes = _hashes(piece.wholes for piece in seen)
        exact = _same(wholes)
        near, compared, complete = self._near(b"".join(piece.signatures for piece in seen), wholes)
        prompts, answers = (
            _hashes(getattr(piece, part) for piece in seen) for part in ("prompts", "answers")
        )
        contradicting = [
            group
            for group in _same(prompts)
            if prompts[group[0]] != _NOTHING and len({answers[index] for index in group}) > 1
        ]
        kinds = {"exact_duplicates": exact, "near_duplicates": near, "contradicting_answers": contradicting}
        in_lines = {
            code: [[lines[index] for index in group] for group in groups] for code, groups in kinds.items()
        }
        figures: dict[str, Any] = {code: _figures(groups) for code, groups in in_lines.items()}
        figures |= {
            "examples": len(lines),
            "examples_compared": compared,
            "complete": complete and compared == len(lines),
        }
        findings = tuple(_finding(code, groups) for code, groups in in_lines.items() if groups)
        return Conclusion(findings=findings, figures=figures)

    def _near(self, sketches: bytes, wholes: list[bytes]) -> tuple[list[Group], int, bool]:
        """Return groups, how many examples were looked at, and whether all of them were compared."""
        compared = len(sketches) // _SIGNATURE_BYTES
        first: dict[bytes, int] = {}
        for index in range(compared):
            first.setdefault(wholes[index], index)
        distinct = list(first.values())
        if len(distinct) < compared:
            sketches = b"".join(
                sketches[index * _SIGNATURE_BYTES : (index + 1) * _SIGNATURE_BYTES] for index in distinct
            )
        groups = alike(sketches, PERMUTATIONS, bands=BANDS, threshold=self.threshold)
        return [[distinct[index] for index in group] for group in groups.members()], compared, groups.complete


def _parts(messages: list[Message]) -> tuple[str, str, str]:
    """Return all that is said before the last message, the last message, and all but system prompts."""
    texts = [normalised(said(message)) for message in messages]
    conversation = (text for text, message in zip(texts, messages, strict=True) if not is_system(message))
    return "\n".join(texts[:-1]), "".join(texts[-1:]), "\n".join(conversation)


def _hashes(pieces: Iterable[bytes]) -> list[bytes]:
    return [
        piece[begin : begin + HASH_BYTES] for piece in pieces for begin in range(0, len(piece), HASH_BYTES)
    ]


def _same(hashes: list[bytes]) -> list[Group]:
    """Return the places of what is there more than once, in order."""
    first: dict[bytes, int] = {}
    groups: dict[int, Group] = {}
    for index, each in enumerate(hashes):
        earlier = first.setdefault(each, index)
        if earlier != index:
            groups.setdefault(earlier, [earlier]).append(index)
    return [groups[index] for index in sorted(groups)]


def _figures(groups: list[Group]) -> dict[str, Any]:
    return {
        "groups": len(groups),
        "examples": sum(map(len, groups)),
        "lines": [group[:LINES_SHOWN] for group in groups[:LINES_SHOWN]],
    }


def _finding(code: str, groups: list[Group]) -> Finding:
    count = sum(map(len, groups))
    places = Places(count, [(line, None) for line in list(chain.from_iterable(groups))[:LINES_SHOWN]])
    shown = "; ".join(", ".join(map(str, group[:_GROUPS_SHOWN])) for group in groups[:_GROUPS_SHOWN])
    return worded(code, _WORDS[code], places, groups=f"{len(groups):,}", lines=shown)
