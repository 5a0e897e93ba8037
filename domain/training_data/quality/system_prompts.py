"""Whether the system prompts say who the assistant is and what its limits are, and the same everywhere."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from domain.training_data.examples import messages_of
from domain.training_data.findings import LINES_SHOWN, Conclusion, Finding, Numbered
from domain.training_data.quality.broad_prompts import is_broad
from domain.training_data.quality.turns import fingerprint, system_of
from domain.training_data.quality.wording import Places, Words, worded

_CUT: Final = 80
# More are counted, but not told apart: it is then clear that there are too many.
_MOST_KEPT: Final = 2_000
# Some sets teach several roles; more than this, and in most examples another, is no role any more.
_FEW: Final = 10
_MANY_SHARE: Final = 0.2
_WORDS: Final = {
    "no_system_prompts": Words(
        "No example has a system prompt.",
        "所有样本都没有系统提示词。",
        "Consider one that names a role and its limits, the same in all examples and later in use.",
        "建议添加一个写明角色和边界的系统提示词,并在所有样本以及之后的使用中保持一致。",
    ),
    "some_without_system_prompt": Words(
        "{count} of {total} examples have no system prompt, the others have one.",
        "{total} 条样本中有 {count} 条没有系统提示词,其余都有。",
        "Give all examples the system prompt that will be used later, or none of them.",
        "请让所有样本都使用之后实际使用的系统提示词,或者都不使用。",
    ),
    "broad_system_prompt": Words(
        "In {count} of {total} examples the system prompt says too little, such as '{example}'.",
        "{total} 条样本中有 {count} 条的系统提示词过于宽泛,例如“{example}”。",
        "Name the role, what it answers and what it must not do: 'You answer questions on orders of … ."
        " You give no legal advice.'",
        "请写明角色、负责的内容和不能做的事,例如:“您是……的订单客服,只回答订单问题,不提供法律建议。”",
    ),
    "many_system_prompts": Words(
        "There are {distinct} different system prompts in {total} examples.",
        "{total} 条样本中有 {distinct} 个不同的系统提示词。",
        "Use one for each role that the model is to learn, and the same one later.",
        "模型要学习的每个角色使用一个系统提示词,之后使用时也保持一致。",
    ),
}


@dataclass(slots=True)
class Prompts:
    """The system prompts of a piece: by hash the beginning, whether it is too broad, and the places."""

    examples: int = 0
    without: Places = field(default_factory=Places)
    told_apart: dict[bytes, tuple[str, bool, Places]] = field(default_factory=dict)
    more: int = 0


class SystemPrompts:
    """Looks for system prompts that are missing, too broad, or too many."""

    name = "system_prompts"

    def observe(self, examples: Sequence[Numbered]) -> Prompts:
        """Return the prompts of a piece."""
        seen = Prompts(examples=len(examples))
        by_text: dict[str, Places] = {}
        for line, example in examples:
            text = system_of(messages_of(example))
            if text:
                by_text.setdefault(text, Places()).add(line)
            else:
                seen.without.add(line)
        for text, places in by_text.items():
            if text.isspace():
                seen.without.extend(places)
            else:
                _keep(seen, fingerprint(text), (_beginning(text), is_broad(text), places))
        seen.without.first.sort()
        return seen

    def conclude(self, seen: Sequence[Prompts]) -> Conclusion:
        """Return what they come to; the figures hold the ten most frequent, cut to 80 characters."""
        whole = Prompts(
            examples=sum(piece.examples for piece in seen), more=sum(piece.more for piece in seen)
        )
        for piece in seen:
            whole.without.extend(piece.without)
            for key, (text, broad, places) in piece.told_apart.items():
                _keep(whole, key, (text, broad, places))
        return Conclusion(findings=tuple(_findings(whole)), figures=_figures(whole))


def _keep(prompts: Prompts, key: bytes, prompt: tuple[str, bool, Places]) -> None:
    text, broad, places = prompt
    if key not in prompts.told_apart:
        if len(prompts.told_apart) >= _MOST_KEPT:
            prompts.more += places.count
            return
        prompts.told_apart[key] = (text, broad, Places())
    prompts.told_apart[key][2].extend(places)


def _beginning(text: str) -> str:
    """Return the text cut to 80 characters, in one line and of characters that can be stored."""
    line = " ".join(text[: 2 * _CUT].split())
    cut = line if len(line) <= _CUT else f"{line[: _CUT - 1]}…"
    return cut.encode(errors="replace").decode()


def _findings(prompts: Prompts) -> list[Finding]:
    total, distinct, without = prompts.examples, len(prompts.told_apart), prompts.without
    found: list[tuple[str, Places, str]] = []
    if total and without.count == total:
        found.append(("no_system_prompts", without, ""))
    elif without.count:
        found.append(("some_without_system_prompt", without, ""))
    broad = [(text, places) for text, is_too_broad, places in prompts.told_apart.values() if is_too_broad]
    if broad:
        found.append(("broad_system_prompt", _together([places for _, places in broad]), broad[0][0]))
    if distinct > max(_FEW, _MANY_SHARE * total):
        everywhere = _together([places for *_, places in prompts.told_apart.values()])
        found.append(("many_system_prompts", everywhere, ""))
    return [
        worded(code, _WORDS[code], places, total=f"{total:,}", distinct=_number(prompts), example=text)
        for code, places, text in found
    ]


def _together(several: list[Places]) -> Places:
    first = sorted(place for places in several for place in places.first)
    return Places(sum(places.count for places in several), first[:LINES_SHOWN])


def _number(prompts: Prompts) -> str:
    return f"{len(prompts.told_apart):,}{'+' if prompts.more else ''}"


def _figures(prompts: Prompts) -> dict[str, Any]:
    ranked = sorted(prompts.told_apart.values(), key=lambda prompt: (-prompt[2].count, prompt[0]))
    return {
        "examples": prompts.examples,
        "without": prompts.without.count,
        "distinct": len(prompts.told_apart),
        "more_were_not_told_apart": prompts.more > 0,
        "most_frequent": [
            {
                "text": text,
                "examples": places.count,
                "share": round(places.count / prompts.examples, 3),
                "broad": broad,
            }
            for text, broad, places in ranked[:LINES_SHOWN]
        ],
    }
