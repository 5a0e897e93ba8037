"""Conversations in Chinese and English, made from a seed out of the sample sets' sentences."""

import json
import random
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

SAMPLES = sorted((Path(__file__).parents[3] / "samples").glob("*.jsonl"))
_SENTENCES = re.compile(r"(?<=[。\uff01\uff1f.!?\n])")
_ODD = (
    "\n", "\n\n", " ", "\r\n", "\t", "  \n", "👨‍👩‍👧 ", "1,234.50 元", "<|im_end|>", "`x += 1`", "...", "Ⅷ",
    "<think>\n\n</think>\n\n", "\u3000", "https://example.com/a?b=c&d=1", "cafe\u0301",
)  # fmt: skip
_TOOL = {
    "type": "function",
    "function": {"name": "order_state", "parameters": {"type": "object", "properties": {"订单": {}}}},
}


def sample_lines() -> list[bytes]:
    return [line for path in SAMPLES for line in path.read_bytes().splitlines()]


def conversations(count: int, *, seed: int = 0) -> list[bytes]:
    """Return the samples, then as many lines made of their sentences as are still wanted."""
    rng = random.Random(seed)
    made = (json.dumps(_made(rng), ensure_ascii=rng.random() < 0.1).encode() for _ in range(count))
    lines = sample_lines()[:count]
    return [*lines, *(next(made) for _ in range(count - len(lines)))]


@lru_cache(maxsize=1)
def _material() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return system prompts, and the sentences and lines of code of all other messages."""
    messages = [message for line in sample_lines() for message in json.loads(line)["messages"]]
    prompts = {message["content"] for message in messages if message["role"] == "system"}
    said = (message["content"] for message in messages if message["role"] != "system")
    return tuple(sorted(prompts)), tuple(part for text in said for part in _SENTENCES.split(text) if part)


def _made(rng: random.Random) -> dict[str, Any]:
    kind = rng.random()
    if kind < 0.05:
        asked = {"messages": _asked(rng)}
        return {"input": asked, "preferred_output": [_answer(rng)], "non_preferred_output": [_answer(rng)]}
    messages = [message for _ in range(rng.choice((1, 1, 1, 2, 4))) for message in _turn(rng, kind)]
    if len(messages) > 2 and rng.random() < 0.2:
        messages[1]["weight"] = 0
    if rng.random() < 0.6:
        role = "developer" if rng.random() < 0.05 else "system"
        messages.insert(0, {"role": role, "content": rng.choice(_material()[0])})
    return {"messages": messages} | ({"tools": [_TOOL]} if kind > 0.93 else {})


def _turn(rng: random.Random, kind: float) -> Iterator[dict[str, Any]]:
    yield from _asked(rng)
    if kind > 0.95:
        function = {"name": "order_state", "arguments": json.dumps({"订单": _text(rng, 1)})}
        calls = [
            {"id": str(at), "type": "function", "function": function} for at in range(rng.choice((1, 2)))
        ]
        yield {"role": "assistant", "content": rng.choice((None, _text(rng, 1))), "tool_calls": calls}
        yield from ({"role": "tool", "tool_call_id": call["id"], "content": _text(rng, 1)} for call in calls)
    yield _answer(rng)


def _asked(rng: random.Random) -> list[dict[str, Any]]:
    text = _text(rng, 2)
    parts = [{"type": "text", "text": text}, {"type": "text", "text": "谢谢"}]
    return [{"role": "user", "content": parts if rng.random() < 0.05 else text}]


def _answer(rng: random.Random) -> dict[str, Any]:
    return {"role": "assistant", "content": _text(rng, rng.choice((1, 3, 8)))}


def _text(rng: random.Random, sentences: int) -> str:
    """Return sentences of all sets mixed: languages and code alternate, with something odd now and then."""
    parts = rng.choices(_material()[1], k=rng.randint(1, 2 * sentences))
    if rng.random() < 0.3:
        parts.insert(rng.randint(0, len(parts)), rng.choice(_ODD))
    text = "".join(parts) if "".join(parts).strip() else "好的。"
    return unicodedata.normalize("NFD", text) if rng.random() < 0.03 else text
