"""Training files for the benchmarks: made from a seed, in the shape the service takes."""

import json
import random

import httpx

from embedded.stack import Stack

_WORDS = "order parcel delivery arrives within three working days after your payment contact support now"
_HAN = "您好请问订单什么时候可以发货我们会在三个工作日内为您处理如果需要帮助欢迎随时联系客服谢谢支持"
_SYSTEM = "You answer questions of a web shop's customers, politely and to the point."
_EXAMPLES = 20


def jsonl(size: int, *, seed: int = 0, chinese: float = 0.2) -> bytes:
    """Return whole lines of chat examples, about 500 bytes each and `size` bytes in all.

    Args:
        size: So many bytes, or a few more.
        seed: The same one gives the same lines.
        chinese: The share of examples that are Chinese, from 0 to 1.
    """
    rng = random.Random(seed)
    lines, total = [], 0
    while total < size:
        line = json.dumps(_example(rng, chinese), ensure_ascii=False).encode() + b"\n"
        lines.append(line)
        total += len(line)
    return b"".join(lines)


def _example(rng: random.Random, chinese: float) -> dict[str, object]:
    in_chinese = rng.random() < chinese
    contents = [_text(rng, length, chinese=in_chinese) for length in (60, 230)]
    roles = ("user", "assistant")
    turns = [{"role": role, "content": text} for role, text in zip(roles, contents, strict=True)]
    return {"messages": [{"role": "system", "content": _SYSTEM}, *turns]}


def _text(rng: random.Random, length: int, *, chinese: bool) -> str:
    if chinese:
        return "".join(rng.choices(_HAN, k=length // 3))
    return " ".join(rng.choices(_WORDS.split(), k=length // 6)).capitalize() + "."


def upload_small_file(stack: Stack) -> str:
    """Upload a training file of twenty examples and return its id.

    Raises:
        httpx.HTTPStatusError: The api refused it.
    """
    rng = random.Random(0)
    content = "\n".join(json.dumps(_example(rng, 0.2)) for _ in range(_EXAMPLES))
    answer = httpx.post(
        f"{stack.api_url}/v1/files",
        headers={"authorization": f"Bearer {stack.api_key}"},
        data={"purpose": "fine-tune"},
        files={"file": ("training.jsonl", content.encode())},
    )
    file = answer.raise_for_status().json()
    assert file["status"] == "processed", file
    return str(file["id"])
