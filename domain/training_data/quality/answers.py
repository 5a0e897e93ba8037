"""Whether the answers are worth learning: not too short, vague, padded, cut off, or of mixed formats."""

from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from statistics import median
from typing import Any, Final

from domain.training_data.examples import User, messages_of
from domain.training_data.findings import Conclusion, Finding, Numbered
from domain.training_data.quality.answer_rules import (
    asks_for_care,
    ends_in_the_middle,
    has_placeholder,
    is_json,
    is_long,
    is_short,
    is_vague,
    repeats_itself,
    sends_to_a_professional,
)
from domain.training_data.quality.answer_words import WORDS
from domain.training_data.quality.turns import answer_of, normalised, question_of
from domain.training_data.quality.wording import Places, Tally, merged, percent, worded

# A set that teaches labels has few different answers; short is then what they are meant to be.
_LABEL_CHARACTERS: Final = 40
_MOST_LABELS: Final = 50
_LABEL_SHARE: Final = 0.5
_PADDED_TIMES: Final = 8
_PADDED_CHARACTERS: Final = 1_500
_FEWEST_TO_COMPARE: Final = 10
# Where more than this many answers end without a mark, that is how they are written.
_STYLE_SHARE: Final = 0.3
_JSON_SHARE: Final = 0.2
_CARE_SHARE: Final = 0.2
_FEWEST_FOR_CARE: Final = 3


@dataclass(slots=True)
class Answers:
    """What there is to know of a piece: lengths in characters, short answers by text, and places by code."""

    lines: "array[int]" = field(default_factory=lambda: array("I"))
    lengths: "array[int]" = field(default_factory=lambda: array("I"))
    labels: Counter[str] = field(default_factory=Counter)
    tally: Tally = field(default_factory=Tally)


class AnswerQuality:
    """Looks at the last answer of each example."""

    name = "answers"

    def observe(self, examples: Sequence[Numbered]) -> Answers:
        """Return what there is to know of a piece; answers that are calls alone are not looked at."""
        seen = Answers()
        for line, example in examples:
            messages = messages_of(example)
            answer = answer_of(messages)
            if not answer:
                continue
            seen.lines.append(line)
            seen.lengths.append(len(answer))
            if len(answer) <= _LABEL_CHARACTERS and len(seen.labels) <= _MOST_LABELS:
                seen.labels[answer] += 1
            asked_once = sum(type(message) is User for message in messages) == 1
            for code in _codes(question_of(messages), answer, asked_once=asked_once):
                seen.tally.add(code, line, len(messages) - 1)
        return seen

    def conclude(self, seen: Sequence[Answers]) -> Conclusion:
        """Return findings; the figures hold lengths in characters, and how many places each rule found."""
        tally = merged([piece.tally for piece in seen])
        lengths = array("I", chain.from_iterable(piece.lengths for piece in seen))
        lines = array("I", chain.from_iterable(piece.lines for piece in seen))
        labels = _labels(sum((piece.labels for piece in seen), Counter()), len(lengths))
        tally.places["padded_answer"] = _padded(lines, lengths)
        codes = [code for code in WORDS if tally[code].count and code != "prose_among_json"]
        figures: dict[str, Any] = {
            "answers": len(lengths),
            "characters": _percentiles(lengths),
            "labels": labels,
            "json": tally["json"].count,
            "care": tally["care"].count,
        } | {code: tally[code].count for code in codes}
        return Conclusion(findings=tuple(_findings(tally, len(lengths), labels=labels)), figures=figures)


def _codes(question: str, answer: str, *, asked_once: bool) -> Iterator[str]:
    """Yield the codes of one answer; `json`, `long` and `care` are counted, to compare with."""
    if is_json(answer):
        yield "json"
        return
    yield "prose_among_json"
    if asked_once and is_short(answer):
        yield "short_answer"
    if is_long(answer):
        yield "long"
    for code, found in _RULES.items():
        if found(answer):
            yield code
    if abs(len(answer) - len(question)) < _LABEL_CHARACTERS and normalised(answer) == normalised(question):
        yield "answer_is_question"
    if asks_for_care(question):
        yield "care"
        if not sends_to_a_professional(answer):
            yield "missing_warning"


_RULES: Final[dict[str, Callable[[str], bool]]] = {
    "vague_answer": is_vague,
    "repetitive_answer": repeats_itself,
    "cut_answer": ends_in_the_middle,
    "placeholder": has_placeholder,
}


def _findings(tally: Tally, answers: int, *, labels: bool) -> Iterator[Finding]:
    silent = {
        "short_answer": labels,
        "cut_answer": tally["cut_answer"].count > _STYLE_SHARE * tally["long"].count + 1,
        "json_among_prose": True,
        "prose_among_json": True,
        "missing_warning": _enough_warnings(tally),
    }
    rarer = _mixed_formats(tally)
    silent[rarer] = False
    tally.places["json_among_prose"] = tally["json"]
    for code, words in WORDS.items():
        places = tally[code]
        if places.count and not silent.get(code, False):
            of = tally["care"].count if code == "missing_warning" else answers
            yield worded(code, words, places, total=f"{of:,}", share=percent(places.count, of))


def _mixed_formats(tally: Tally) -> str:
    """Return the code of the rarer of two formats, or nothing: some JSON among much prose is no mixture."""
    json, prose = tally["json"].count, tally["prose_among_json"].count
    if not json or not prose or json < _JSON_SHARE * (json + prose):
        return ""
    return "json_among_prose" if json < prose else "prose_among_json"


def _enough_warnings(tally: Tally) -> bool:
    missing = tally["missing_warning"].count
    return missing < _FEWEST_FOR_CARE or missing < _CARE_SHARE * tally["care"].count


def _labels(short: Counter[str], answers: int) -> bool:
    """Tell whether the answers are labels: most are short, and they are few different ones."""
    often = [count for count in short.values() if count > 1]
    return len(often) <= _MOST_LABELS and sum(often) > _LABEL_SHARE * answers


def _padded(lines: "array[int]", lengths: "array[int]") -> Places:
    """Return the answers that are many times as long as the middle one."""
    places = Places()
    if len(lengths) < _FEWEST_TO_COMPARE:
        return places
    longest = max(_PADDED_CHARACTERS, _PADDED_TIMES * median(lengths))
    for line, length in zip(lines, lengths, strict=True):
        if length > longest:
            places.add(line)
    return places


def _percentiles(lengths: "array[int]") -> dict[str, int]:
    ordered = sorted(lengths) or [0]
    last = len(ordered) - 1
    return {name: ordered[round(share * last)] for name, share in _SHARES.items()}


_SHARES: Final = {"p5": 0.05, "p50": 0.5, "p95": 0.95, "max": 1.0}
