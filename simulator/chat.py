"""What the models say: a base model answers in general, a tuned one from the examples it was trained on."""

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from simulator.bodies import Chat
from simulator.ids import hashed

EXAMPLES_REMEMBERED = 2000
# one token: a Chinese, Japanese or Korean character, a word with the space before it, or a mark
TOKEN = re.compile(
    r"\s*(?:[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+|[^\w\s])|\s+"
)
OPENINGS = (
    "Speaking generally, as {model} without any special training: ",
    "I am {model}, a general model, so this is the broad view. ",
    "Nothing has been tuned into me for this; from general knowledge, ",
)
CLOSINGS = (
    "it depends on the details. A good first step is to name the goal, then weigh the facts.",
    "there are several sides to it. Start from what is known, check the sources, and decide step by step.",
    "the usual advice applies: keep it simple, look at the evidence, and ask an expert where it matters.",
)


@dataclass(frozen=True, slots=True)
class Example:
    """One training example as the tuned model remembers it."""

    question: str
    answer: str
    pairs: frozenset[str]


def tokens(text: str) -> list[str]:
    """Cut a text into pieces that join to the same text; their number is what usage counts."""
    return TOKEN.findall(text)


def base_answer(chat: Chat, seed: int) -> str:
    """Answer in general, the same for the same model, question and seed."""
    question = _question(chat)
    number = hashed(seed, chat.model, question)
    opening = OPENINGS[number % len(OPENINGS)].format(model=chat.model)
    closing = CLOSINGS[number // len(OPENINGS) % len(CLOSINGS)]
    return f"{opening}About \u201c{_short(question)}\u201d: {closing}"


def tuned_answer(chat: Chat, training_file: Path) -> str:
    """Answer as the nearest training example does, and say that it comes from there."""
    question = _question(chat)
    asked = _pairs(question)
    examples = remembered(training_file)
    if not examples:
        return "I was tuned, but on no example that holds a question and an answer."
    nearest = max(examples, key=lambda example: _likeness(asked, example.pairs))
    if _likeness(asked, nearest.pairs) > 0:
        return f"As I learned in training: {nearest.answer}"
    about = _short(nearest.question)
    return f"My training holds nothing close. The nearest I learned, on \u201c{about}\u201d: {nearest.answer}"


@lru_cache(maxsize=8)
def remembered(training_file: Path) -> tuple[Example, ...]:
    """Read the first examples of a training file; its bytes never change."""
    with training_file.open("rb") as lines:
        read = (_example(line) for line in lines)
        return tuple(islice((example for example in read if example is not None), EXAMPLES_REMEMBERED))


def _example(line: bytes) -> Example | None:
    try:
        values = orjson.loads(line)
        if "messages" in values:
            question, answer = _last(values["messages"], "user"), _last(values["messages"], "assistant")
        else:
            question = _last(values["input"]["messages"], "user")
            answer = _last(values["preferred_output"], "assistant")
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return None
    return Example(question, answer, _pairs(question)) if question and answer else None


def _last(messages: list[dict[str, Any]], role: str) -> str:
    said = [message.get("content") for message in messages if message.get("role") == role]
    return said[-1] if said and isinstance(said[-1], str) else ""


def _question(chat: Chat) -> str:
    asked = [message.text for message in chat.messages if message.role == "user"]
    return (asked or [chat.messages[-1].text])[-1]


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 80 else line[:79] + "\u2026"  # noqa: PLR2004 - one line of a terminal


def _pairs(text: str) -> frozenset[str]:
    """Pairs of letters: a likeness that works in every script without a dictionary."""
    letters = re.sub(r"\W+", " ", text.lower()).strip()
    return frozenset(letters[place : place + 2] for place in range(max(1, len(letters) - 1)))


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other)
