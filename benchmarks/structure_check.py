"""Checking a training file's structure: beside a bare typed parse, and beside a plain validator."""

import json
import subprocess
import time
from collections.abc import Callable
from typing import Any, Final

from benchmarks.figure import Figure, Target
from benchmarks.training_files import jsonl
from domain.training_data.examples import decode_example
from domain.training_data.structure import StructureCheck
from embedded.environment import python_module

METHOD: Final = """\
The same lines of about 500 bytes, a fifth of them Chinese, in one process and in turns: our check, fed with
chunks of 64 KiB as an upload arrives; msgspec decoding each line into the same types and nothing else;
`json.loads` with the checks of an ordinary validation script. Processor time, cutting into lines included.
Then files that are made on the fly and never kept, in a process of its own each time: 1 GB through the
check, and 200 MB through all looks at quality, tokens and personal data as a worker has them done, by one
process for each core. Memory is the largest resident size, looked at every 2 ms, with the interpreter and all
modules in it, of the process that reads the file; wall-clock time from the first byte to the conclusion,
starting the processes included."""

_MB = 1_000_000
_CHUNK = 64 * 1024
_LONGEST_LINE = 4 * 1024 * 1024
_ROLES = frozenset({"system", "user", "assistant"})


def run(quick: bool) -> list[Figure]:  # noqa: FBT001 - the one argument of every benchmark
    """Measure in alternating rounds, then the processes of their own."""
    times, rounds = (1, 3) if quick else (8, 7)
    check, examine = (100, 20) if quick else (1_000, 200)
    return [
        *_in_turns(jsonl(8 * _MB) * times, rounds),
        *_chinese(jsonl(8 * _MB, chinese=1) * times, rounds),
        *_streamed("check", "Structure check", check, Target("figure", "<", 150)),
        *_streamed("examine", "All looks", examine),
    ]


def _in_turns(content: bytes, rounds: int) -> list[Figure]:
    ours, bare, plain = _speeds(content, rounds)
    name, unit = "Structure check", "MB/s"
    return [
        Figure(name=name, unit=unit, values=ours, target=Target("figure", "≥", 100)),
        Figure(
            name=name, unit=unit, values=ours, reference="bare msgspec parse", reference_values=bare,
            target=Target("ratio", "≥", 0.6),
        ),
        Figure(
            name=name, unit=unit, values=ours, reference="plain json.loads validator",
            reference_values=plain, target=Target("ratio", "≥", 2),
        ),
    ]  # fmt: skip


def _chinese(content: bytes, rounds: int) -> list[Figure]:
    ours, bare, plain = _speeds(content, rounds)
    references = {"bare msgspec parse": bare, "plain json.loads validator": plain}
    return [
        Figure(
            name="Structure check, all Chinese", unit="MB/s", values=ours,
            reference=reference, reference_values=theirs,
        )
        for reference, theirs in references.items()
    ]  # fmt: skip


def _streamed(way: str, name: str, size: int, target: Target | None = None) -> list[Figure]:
    """Run `benchmarks.streamed_file`, and return its memory and its speed."""
    command = python_module("benchmarks.streamed_file", way, str(size))
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    measured = json.loads(said)
    name = f"{name}, {size:,} MB streamed"
    return [
        Figure(name=f"{name}: memory", unit="MB", values=(measured["peak"],), target=target),
        Figure(name=f"{name}: speed", unit="MB/s", values=(measured["speed"],)),
    ]


def _speeds(content: bytes, rounds: int) -> tuple[tuple[float, ...], ...]:
    """Return the MB/s of our check, of the bare parse and of the plain validator."""
    ways = (_ours, _bare_parse, _plain_validator)
    return tuple(zip(*([_speed(way, content) for way in ways] for _ in range(rounds)), strict=True))


def _speed(way: Callable[[bytes], int], content: bytes) -> float:
    started = time.process_time()
    examples = way(content)
    took = time.process_time() - started
    assert examples == content.count(b"\n"), examples
    return len(content) / _MB / took


def _ours(content: bytes) -> int:
    check = StructureCheck(_LONGEST_LINE)
    for begin in range(0, len(content), _CHUNK):
        check.feed(content[begin : begin + _CHUNK])
    structure = check.finish()
    assert structure.usable, structure.summary
    return structure.examples


def _bare_parse(content: bytes) -> int:
    examples = 0
    for line in content.split(b"\n"):
        if line:
            decode_example(line)
            examples += 1
    return examples


def _plain_validator(content: bytes) -> int:
    examples = 0
    for line in content.decode().split("\n"):
        if line.strip():
            _validate(json.loads(line))
            examples += 1
    return examples


def _validate(example: Any) -> None:
    messages = example.get("messages")
    if not isinstance(messages, list) or not messages:
        raise ValueError("messages must be a list with something in it")
    for message in messages:
        if message.get("role") not in _ROLES:
            raise ValueError(f"unknown role {message.get('role')}")
        if not isinstance(message.get("content"), str) or not message["content"].strip():
            raise ValueError("content must be text")
    if messages[-1]["role"] != "assistant":
        raise ValueError("the last message must be the assistant's")
