"""Counting tokens: our look beside the library it is built on, over the same texts."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.figure import Figure, Target
from domain.training_data.examples import Example, decode_example, messages_of, text_of
from domain.training_data.findings import Numbered
from domain.training_data.tokens import Tokens
from examining.looking import vocabulary

METHOD: Final = """\
The questions and answers of the sample sets, several times over, in one process and in turns: our look, which
puts each message into the chat template, normalises it, minds the names of special tokens in it, and keeps
all and trained tokens of each example; and tiktoken with the same vocabulary, whose `encode` gets the plain
texts one by one. The rows without a target compare with all texts as one, where tiktoken is called once and
there is no count of a single text. System prompts are left out: ours counts a repeated one once, which would
flatter it. Examples are decoded before. Processor time over the UTF-8 bytes of the texts."""

_MB: Final = 1_000_000
_SAMPLES: Final = Path(__file__).parent.parent / "samples"
_SETS: Final = {
    "English": ("customer_service.en",),
    "Chinese": ("customer_service.zh", "medical.zh"),
    "Chinese with code": ("python_tutor.zh",),
}


def run(quick: bool) -> list[Figure]:  # noqa: FBT001 - the one argument of every benchmark
    """Measure in alternating rounds, set by set."""
    size, rounds = (_MB // 2, 3) if quick else (3 * _MB, 9)
    return [figure for name in _SETS for figure in _measured(name, size, rounds)]


def _measured(name: str, size: int, rounds: int) -> list[Figure]:
    examples = _examples(_SETS[name], size)
    texts = _texts(examples)
    ways: tuple[Callable[[], int], ...] = (
        partial(_ours, [*enumerate(examples, 1)]),
        partial(_library, texts),
        partial(_library, ["\n".join(texts)]),
    )
    bytes_ = sum(len(text.encode()) for text in texts)
    ours, each, joined = zip(*([_speed(way, bytes_) for way in ways] for _ in range(rounds)), strict=True)
    figure, unit = f"Tokens, {name}", "MB/s"
    return [
        Figure(
            name=figure, unit=unit, values=ours, reference="tiktoken, text by text", reference_values=each,
            target=Target("ratio", "≥", 0.8),
        ),
        Figure(
            name=figure, unit=unit, values=ours, reference="tiktoken, one joined text",
            reference_values=joined,
        ),
    ]  # fmt: skip


def _examples(sets: Sequence[str], size: int) -> list[Example]:
    """Return the sets without their system prompts, over and over, with about `size` bytes of text."""
    lines = [line for name in sets for line in (_SAMPLES / f"{name}.jsonl").read_bytes().splitlines()]
    once = [Example(messages=messages_of(decode_example(line))[1:]) for line in lines]
    return once * round(size / sum(len(text.encode()) for text in _texts(once)))


def _texts(examples: Sequence[Example]) -> list[str]:
    return [text_of(message.content) for example in examples for message in messages_of(example)]


def _speed(way: Callable[[], int], size: int) -> float:
    started = time.process_time()
    tokens = way()
    took = time.process_time() - started
    assert size / 6 < tokens < size, tokens
    return size / _MB / took


def _ours(examples: Sequence[Numbered]) -> int:
    return sum(Tokens(vocabulary()).observe(examples).total)


def _library(texts: Sequence[str]) -> int:
    encode = vocabulary().encoding.encode
    return sum(len(encode(text)) for text in texts)
