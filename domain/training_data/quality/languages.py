"""Which languages questions and answers are in, told by their script."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from domain.training_data.examples import messages_of
from domain.training_data.findings import Conclusion, Finding, Numbered
from domain.training_data.quality.scripts import SIMPLIFIED, TRADITIONAL, UNTOLD, han_variant, script_of
from domain.training_data.quality.turns import answer_of, question_of, system_of
from domain.training_data.quality.wording import Places, Tally, Words, merged, percent, shares, worded

_FEW: Final = 5
_SMALL_SHARE: Final = 0.05
# Where nearly every answer is in another language than its question, that is what is taught.
_MEANT_SHARE: Final = 0.5
_FEWEST_EXAMPLES: Final = 20
_OTHER_LANGUAGE: Final = "answer_in_other_language"
_ASKS_FOR_LANGUAGE: Final = re.compile(
    r"translat|翻译|翻譯|译成|译为|譯|[英中日韩韓法德俄西]文|[英汉漢日韩韓法德俄]语|[英日韓法德俄]語|中文|"
    r"\b(?:english|chinese|mandarin|japanese|korean|russian|arabic|french|german|spanish|pinyin)\b|拼音",
    re.IGNORECASE,
)
_CODE: Final = re.compile(r"```|[{;]\s*$|^\s*[{\[<]|\bdef |\bSELECT |\bimport |https?://", re.MULTILINE)
_MARKED_CODE: Final = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
_SHORT_ANSWER: Final = 30
_WORDS: Final = {
    _OTHER_LANGUAGE: Words(
        "Answers in another language than their question: {count} of {total} ({share}).",
        "与问题语言不同的回答:{total} 条中有 {count} 条({share})。",
        "Answer in the question's language, unless the example asks for another.",
        "请使用与问题相同的语言回答,除非样本要求使用其他语言。",
    ),
    "rare_language": Words(
        "Answers in a language that hardly occurs ({language}): {count} of {total}.",
        "极少出现的回答语言({language_zh}):{total} 条中有 {count} 条。",
        "Add examples in this language if the model is to speak it, or take these out.",
        "如果希望模型使用该语言,请补充样本;否则请删除。",
    ),
    "mixed_chinese": Words(
        "Answers in {variant} Chinese among others: {count} of {total} Chinese answers.",
        "中文回答简繁混用:{total} 条中文回答中有 {count} 条为{variant_zh}。",
        "Write all answers in simplified or all in traditional Chinese.",
        "请统一使用简体中文或繁体中文。",
    ),
}
_NAMES: Final = {
    "zh": ("Chinese", "中文"), "ja": ("Japanese", "日语"), "ko": ("Korean", "韩语"),
    "latin": ("Latin script", "拉丁字母"), "cyrillic": ("Cyrillic script", "西里尔字母"),
    "arabic": ("Arabic script", "阿拉伯字母"), "other": ("another script", "其他文字"),
}  # fmt: skip
_VARIANTS: Final = {SIMPLIFIED: ("simplified", "简体"), TRADITIONAL: ("traditional", "繁体")}


@dataclass(slots=True)
class Spoken:
    """The languages of a piece; the tally has a code for each language of answers and variant of Chinese."""

    questions: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    tally: Tally = field(default_factory=Tally)


class Languages:
    """Looks at the languages of the last question and of its answer."""

    name = "languages"

    def observe(self, examples: Sequence[Numbered]) -> Spoken:
        """Return the languages of a piece."""
        spoken = Spoken()
        for line, example in examples:
            messages = messages_of(example)
            question, answer = question_of(messages), answer_of(messages)
            asked, answered = script_of(_prose(question)), script_of(_prose(answer))
            spoken.questions[asked] += 1
            spoken.answers[answered] += 1
            spoken.tally.add(answered, line)
            if answered == "zh" and (variant := han_variant(answer)):
                spoken.tally.add(variant, line)
            if asked != answered and UNTOLD not in {asked, answered}:
                system = system_of(messages)
                if not _meant(question, answer, system):
                    spoken.tally.add(_OTHER_LANGUAGE, line, len(messages) - 1)
        return spoken

    def conclude(self, seen: Sequence[Spoken]) -> Conclusion:
        """Return findings, and the shares of each language among questions and among answers."""
        questions = sum((piece.questions for piece in seen), Counter())
        answers = sum((piece.answers for piece in seen), Counter())
        tally = merged([piece.tally for piece in seen])
        figures: dict[str, Any] = {"questions": shares(questions), "answers": shares(answers)}
        figures["chinese"] = {variant: tally[variant].count for variant in _VARIANTS}
        figures[_OTHER_LANGUAGE] = tally[_OTHER_LANGUAGE].count
        return Conclusion(findings=tuple(_findings(tally, answers)), figures=figures)


def _prose(text: str) -> str:
    """Return a text without the code that Markdown marks: that is in no language, whatever its letters."""
    return _MARKED_CODE.sub(" ", text) if "`" in text else text


def _meant(question: str, answer: str, system: str) -> bool:
    """Tell whether there is a reason for an answer in another language: asked for, a name, code, or JSON."""
    asked_for = _ASKS_FOR_LANGUAGE.search(question) or _ASKS_FOR_LANGUAGE.search(system)
    return bool(asked_for or len(answer) < _SHORT_ANSWER or _CODE.search(answer) or _CODE.search(question))


def _findings(tally: Tally, answers: Counter[str]) -> list[Finding]:
    told = answers.total() - answers[UNTOLD]
    found: list[tuple[str, Places, dict[str, object]]] = []
    other = tally[_OTHER_LANGUAGE]
    if 0 < other.count <= _MEANT_SHARE * told:
        found.append((_OTHER_LANGUAGE, other, {"total": f"{told:,}", "share": percent(other.count, told)}))
    for language, count in sorted(answers.items()):
        if language != UNTOLD and told >= _FEWEST_EXAMPLES and count < min(_FEW, _SMALL_SHARE * told):
            found.append(
                (
                    "rare_language",
                    tally[language],
                    {
                        **dict(zip(("language", "language_zh"), _NAMES[language], strict=True)),
                        "total": f"{told:,}",
                    },
                )
            )
    found += _mixed_chinese(tally)
    return [worded(code, _WORDS[code], places, **seen) for code, places, seen in found]


def _mixed_chinese(tally: Tally) -> list[tuple[str, Places, dict[str, object]]]:
    rarer = min(_VARIANTS, key=lambda variant: tally[variant].count)
    if not tally[rarer].count:
        return []
    variant, variant_zh = _VARIANTS[rarer]
    total = sum(tally[each].count for each in _VARIANTS)
    return [
        ("mixed_chinese", tally[rarer], {"variant": variant, "variant_zh": variant_zh, "total": f"{total:,}"})
    ]
