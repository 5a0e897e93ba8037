"""Hostile files end in one clear error or problem, soon, and in bounded memory."""

import time
import tracemalloc
from collections.abc import Iterable, Iterator
from itertools import chain, islice, repeat
from typing import Any

import pytest

from domain.errors import InvalidFile
from domain.training_data.conversion import Limits, Problem, convert

SMALL = Limits(record_bytes=256 * 1024, columns=1000)
HUNDRED_MIB = 1600
CHUNK = b"x" * 65536
QUOTED = b"a,b\n" * 16384


def endless(*begin: bytes, chunk: bytes = CHUNK) -> Iterator[bytes]:
    return chain(begin, islice(repeat(chunk), HUNDRED_MIB))


def ended(stream: Iterable[bytes], **wishes: Any) -> str:
    """Return how a conversion ends: the message of its error, or the code of the last problem."""
    last = ""
    try:
        for _, result in convert(stream, limits=SMALL, **wishes):
            last = result.code if isinstance(result, Problem) else ""
    except InvalidFile as error:
        return error.message
    return last


DEEP = 100_000
CASES: dict[str, tuple[Any, dict[str, str], str]] = {
    "10,000 columns": (
        lambda: [b"question,answer," + b"c," * 10_000 + b"\n"],
        {},
        "has 10,003 columns, more than the 1,000",
    ),
    "10,000 quoted columns": (
        lambda: [b"question,answer," + b'"c",' * 10_000 + b"\n"],
        {},
        "has 10,003 columns, more than the 1,000",
    ),
    "a field of 100 MB": (
        lambda: endless(b"question,answer\na,b\nc,"),
        {},
        "Line 3 is longer than the 262,144 bytes",
    ),
    "a quoted field of 100 MB": (
        lambda: endless(b'question,answer\na,b\nc,"', chunk=QUOTED),
        {},
        "The row that begins on line 3 (is a quote in it never closed?) is longer",
    ),
    "a quote never closed": (
        lambda: [b'question,answer\na,b\n\nc,"d\ne,f\n'],
        {},
        "The quote that opens in the row on line 4 is never closed",
    ),
    "a NUL": (lambda: [b"question,answer\na,b\nc,d\0\n"], {}, "Line 3 holds a NUL byte"),
    "another encoding later": (
        lambda: [b"question,answer\n", ("甲" * 100 + ",乙\n").encode() * 300, b"a,\xff\n"],
        {},
        "Line 302 is not UTF-8 as the text before it is: 0xff",
    ),
    "cut within a character": (lambda: ["question,answer\n甲,乙".encode()[:-1]], {}, "Line 2 is not UTF-8"),
    "an endless line": (lambda: endless(b'{"question": "'), {"format": "pairs"}, "Line 1 is longer than"),
    "an endless element": (
        lambda: endless(b'[\n{"question": "'),
        {"format": "pairs"},
        "The record at line 2 is longer than",
    ),
    "endless brackets": (
        lambda: endless(chunk=(b"[" + b" " * 63) * 1024),
        {"format": "pairs"},
        "The record at line 1 is longer than",
    ),
    "deep nesting": (
        lambda: [b'{"question": ' + b"[" * DEEP + b"]" * DEEP + b', "answer": "b"}'],
        {"format": "pairs"},
        "too_deep",
    ),
    "deep nesting in an array": (
        lambda: [b'[{"question": ' + b'{"a":' * 9000 + b"1" + b"}" * 9000 + b', "answer": "b"}]'],
        {"format": "pairs"},
        "too_deep",
    ),
    "deep text of tools": (
        lambda: [
            b'{"conversations": [{"from": "human", "value": "a"}, {"from": "function_call", "value": "'
            + b"[" * DEEP
            + b'"}]}'
        ],
        {},
        "bad_call",
    ),
    "a huge integer": (
        lambda: [b'{"question": ' + b"9" * 100_000 + b', "answer": "b"}'],
        {"format": "pairs"},
        "not_json",
    ),
    "a large integer where any value is taken": (
        lambda: [
            b'{"messages": [{"role": "user", "content": "a", "n": ' + b"9" * 400 + b"},"
            b'{"role": "assistant", "content": "b"}]}'
        ],
        {},
        "",
    ),
    "half a surrogate pair": (
        lambda: [b'{"question": "\\ud800", "answer": "b"}'],
        {},
        "not_json",
    ),
    "an array cut off": (
        lambda: [b'[{"question": "a", "answer": "b"},\n{"question": "a'],
        {},
        "The element of the array at line 2 is where the file breaks off",
    ),
    "an array never closed": (
        lambda: [b'[{"question": "a", "answer": "b"}\n'],
        {},
        "is where the file breaks off",
    ),
    "two arrays": (
        lambda: [b'[{"question": "a", "answer": "b"}]\n[{"question": "a", "answer": "b"}]'],
        {},
        "There is more text after the end of the array, at line 2",
    ),
    "an escape bomb": (
        lambda: [b"question,answer\na," + b"\x01" * 60_000 + b"\n"],
        {},
        "too_long",
    ),
    "dialogue without end": (lambda: endless(b"User: a\n", chunk=QUOTED), {}, "The conversation that begins"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_hostile_file_ends_in_one_clear_error(case: str) -> None:
    stream, wishes, expected = CASES[case]
    begun = time.process_time()
    tracemalloc.start()
    try:
        assert expected in ended(stream(), **wishes)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 24 * 1024**2
    assert time.process_time() - begun < 3


LONG = b"x" * 2000


@pytest.mark.parametrize(
    ("begin", "chunk", "end"),
    [
        (b"question,answer\n", b'"a\n",' + LONG + b"\n", b""),
        (b'[{"question": "a", "answer": "b"}', b',{"question": "a", "answer": "' + LONG + b'"}\n', b"]"),
        (b"", b'{"question": "a", "answer": "' + LONG + b'"}\n', b""),
        (b"", b"User: a\nAssistant: " + LONG + b"\n---\n", b""),
    ],
    ids=["csv", "array", "lines", "dialogues"],
)
def test_memory_does_not_grow_with_the_file(begin: bytes, chunk: bytes, end: bytes) -> None:
    tracemalloc.start()
    try:
        conversion = convert(chain([begin], repeat(chunk, 4000), [end]))
        for _ in conversion:
            pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert conversion.problems == 0
    assert conversion.examples >= 4000
    assert peak < 1024**2
