"""Whether one topic, or one way of asking, prevails."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from typing import Any, Final, TypeAlias

from domain.training_data.examples import messages_of
from domain.training_data.findings import LINES_SHOWN, Conclusion, Finding, Numbered
from domain.training_data.quality.clustering import characteristic, clusters_of
from domain.training_data.quality.terms import terms_of
from domain.training_data.quality.turns import answer_of, fingerprint, question_of
from domain.training_data.quality.wording import Places, Words, percent, worded

SAMPLE: Final = 1_000
_QUESTION_READ: Final = 300
_ANSWER_READ: Final = 300
_FEWEST: Final = 20
_PREVAILS: Final = 0.5
_SAME_OPENING: Final = 0.8
_OPENING_WORDS: Final = 3
_OPENING_HAN: Final = 5
# What prevails in many texts beside others is known by the others; else it must have a core of terms.
_FEWEST_TO_TELL: Final = 100
_NEARLY_ALL: Final = 0.95
_CORE_TERMS: Final = 3
_CORE_SHARE: Final = 0.5
_TERMS_NAMED: Final = 4
_TOPICS_SHOWN: Final = 12
_WORDS: Final = {
    "one_topic_prevails": Words(
        "One topic ({topic}) holds {share} of the examples.",
        "一个主题({topic_zh})占全部样本的 {share}。",
        "Add examples of the other topics until none holds more than about 30 %. If the model is meant for"
        " this topic alone, vary what is asked about it.",
        "请补充其他主题的样本,使每个主题的占比不超过约 30%。如果模型只用于该主题,请丰富具体的问题。",
    ),
    "same_opening": Words(
        "{share} of the questions begin in the same way: '{opening}'.",
        "{share} 的问题以相同的方式开头:“{opening}”。",
        "Vary the phrasing as users do: questions, requests, keywords, long and short ones. If the beginning"
        " is your own fixed instruction, keep it.",
        "请像真实用户那样变换表达方式:疑问句、请求、关键词,长短不一。如果开头是您固定使用的指令,则可以保留。",
    ),
}
Sampled: TypeAlias = tuple[bytes, int, str, str]
"""Hash of the question, line, and the beginnings of question and answer."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The examples of a piece with the smallest hashes, so that pieces give what the whole would give."""

    examples: int
    sampled: tuple[Sampled, ...]


class Topics:
    """Finds topics in a sample of at most 1,000 examples."""

    name = "topics"

    def observe(self, examples: Sequence[Numbered]) -> Sample:
        """Return a piece's sample, at most 600 characters of each example."""
        rows = (_row(line, messages_of(example)) for line, example in examples)
        return Sample(len(examples), _smallest(row for row in rows if row[2]))

    def condense(self, seen: Sequence[Sample]) -> Sample:
        """Return the sample of several pieces as that of one."""
        return Sample(
            sum(piece.examples for piece in seen), _smallest(row for piece in seen for row in piece.sampled)
        )

    def conclude(self, seen: Sequence[Sample]) -> Conclusion:
        """Return topics by size with their shares, and a finding where one prevails."""
        sampled = sorted(_smallest(row for piece in seen for row in piece.sampled), key=lambda row: row[1])
        figures: dict[str, Any] = {"examples": sum(piece.examples for piece in seen), "sampled": len(sampled)}
        if len(sampled) < _FEWEST:
            return Conclusion(figures=figures | {"topics": []})
        texts = [terms_of(f"{question}\n{answer}") for *_, question, answer in sampled]
        clusters = clusters_of(texts)
        names = [", ".join(characteristic(texts, members, _TERMS_NAMED)) for members in clusters]
        figures["topics"] = [
            {"terms": name, "share": round(len(members) / len(sampled), 3)}
            for name, members in zip(names[:_TOPICS_SHOWN], clusters, strict=False)
        ]
        findings = [*_prevailing(names, clusters, sampled), *_opening(sampled)]
        return Conclusion(findings=tuple(findings), figures=figures)


def _row(line: int, messages: list[Any]) -> Sampled:
    question = question_of(messages)
    begin, answer = (text.encode(errors="replace").decode() for text in (
        question[:_QUESTION_READ], answer_of(messages)[:_ANSWER_READ]
    ))  # fmt: skip
    return fingerprint(question), line, begin, answer


def _smallest(rows: Iterable[Sampled]) -> tuple[Sampled, ...]:
    return tuple(nsmallest(SAMPLE, rows))


def _prevailing(names: list[str], clusters: list[list[int]], sampled: list[Sampled]) -> list[Finding]:
    if not clusters or not names[0] or len(clusters[0]) <= _PREVAILS * len(sampled):
        return []
    told_apart = len(sampled) >= _FEWEST_TO_TELL and len(clusters[0]) < _NEARLY_ALL * len(sampled)
    if not told_apart and not _have_a_core([sampled[index][2] for index in clusters[0]]):
        return []
    lines = [sampled[index][1] for index in clusters[0]]
    places = Places(len(lines), [(line, None) for line in lines[:LINES_SHOWN]])
    share = percent(len(lines), len(sampled))
    topic_zh = names[0].replace(", ", "、")
    words = _WORDS["one_topic_prevails"]
    return [worded("one_topic_prevails", words, places, topic=names[0], topic_zh=topic_zh, share=share)]


def _have_a_core(questions: list[str]) -> bool:
    """Tell whether three terms are enough to be met in half of the questions.

    What only general words or a greeting in the answers hold together is no topic.
    """
    texts = [set(terms_of(question)) for question in questions]
    core = {
        term for term, _ in Counter(term for text in texts for term in sorted(text)).most_common(_CORE_TERMS)
    }
    return sum(not core.isdisjoint(text) for text in texts) >= _CORE_SHARE * len(texts)


def _opening(sampled: list[Sampled]) -> list[Finding]:
    openings = [_beginning(question) for *_, question, _ in sampled]
    opening, count = Counter(openings).most_common(1)[0]
    if count < _SAME_OPENING * len(sampled):
        return []
    lines = [row[1] for row, each in zip(sampled, openings, strict=True) if each == opening]
    places = Places(count, [(line, None) for line in lines[:LINES_SHOWN]])
    share = percent(count, len(sampled))
    return [worded("same_opening", _WORDS["same_opening"], places, opening=opening, share=share)]


def _beginning(question: str) -> str:
    words = question[:80].lower().split()
    first = " ".join(words[:_OPENING_WORDS])
    return first if first.isascii() else first[:_OPENING_HAN]
