"""Answers as OpenAI writes them: one completion, or a stream of pieces."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import orjson

from simulator.bodies import Chat
from simulator.chat import tokens

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Completion:
    """One answer to one chat, its pieces being its tokens."""

    id: str
    created: int
    chat: Chat
    pieces: list[str]
    finish_reason: str

    @property
    def usage(self) -> Json:
        """Tokens in and out."""
        prompt = sum(len(tokens(message.text)) for message in self.chat.messages)
        said = len(self.pieces) * (self.chat.n or 1)
        return {"prompt_tokens": prompt, "completion_tokens": said, "total_tokens": prompt + said}

    def whole(self) -> Json:
        """Write a `chat.completion`."""
        message = {"role": "assistant", "content": "".join(self.pieces), "refusal": None}
        choices = [
            {"index": index, "message": message, "logprobs": None, "finish_reason": self.finish_reason}
            for index in range(self.chat.n or 1)
        ]
        return {**self._head("chat.completion"), "choices": choices, "usage": self.usage}

    async def stream(self) -> AsyncIterator[bytes]:
        """Write the `chat.completion.chunk`s as server-sent events, `[DONE]` at the end."""
        wants_usage = self.chat.stream_options is not None and self.chat.stream_options.include_usage
        for index in range(self.chat.n or 1):
            yield self._chunk(index, {"role": "assistant", "content": ""})
            for piece in self.pieces:
                yield self._chunk(index, {"content": piece})
            yield self._chunk(index, {}, self.finish_reason)
        if wants_usage:
            yield _sent({**self._head("chat.completion.chunk"), "choices": [], "usage": self.usage})
        yield b"data: [DONE]\n\n"

    def _chunk(self, index: int, delta: Json, finish_reason: str | None = None) -> bytes:
        choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return _sent({**self._head("chat.completion.chunk"), "choices": [choice]})

    def _head(self, kind: str) -> Json:
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.chat.model,
            "system_fingerprint": "fp_simulator",
        }


def _sent(chunk: Json) -> bytes:
    return b"data: " + orjson.dumps(chunk) + b"\n\n"


def complete(chat: Chat, text: str, *, id_: str, created: int) -> Completion:
    """Cut an answer to the length that was asked for."""
    pieces = tokens(text)
    most = chat.max_completion_tokens or chat.max_tokens or len(pieces)
    reason = "stop" if len(pieces) <= most else "length"
    return Completion(id_, created, chat, pieces[:most], reason)
