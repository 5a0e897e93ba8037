"""The text that Qwen is trained on: a conversation in its chat template (ChatML, as of Qwen3).

Each message stands between `<|im_start|>` and `<|im_end|>`; these two are one token each and can merge with
nothing beside them, so that the tokens of a conversation are those of its pieces together. Source: the
template in the tokenizer configuration of Qwen3, without its thinking blocks, which data does not have.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from domain.training_data.examples import (
    Assistant,
    Example,
    FunctionAnswer,
    Message,
    ToolAnswer,
    calls_of,
    messages_of,
    role_of,
    text_of,
    tools_of,
)

START: Final = "<|im_start|>"
END: Final = "<|im_end|>"
FRAME_TOKENS: Final = 3
"""START, END, and the line end behind it."""
_TOOLS_BEFORE: Final = (
    "# Tools\n\nYou may call one or more functions to assist with the user query.\n\n"
    "You are provided with function signatures within <tools></tools> XML tags:\n<tools>"
)
_TOOLS_BEHIND: Final = (
    "\n</tools>\n\nFor each function call, return a json object with function name and arguments within "
    "<tool_call></tool_call> XML tags:\n<tool_call>\n"
    '{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call>'
)


class Piece(NamedTuple):
    """What stands between START and END: role and line end, then the text; and whether it is learned."""

    head: str
    text: str
    trained: bool

    @property
    def whole(self) -> str:
        """The piece as it stands in the conversation, with its frame."""
        return f"{START}{self.head}{self.text}{END}\n"


def pieces(example: Example) -> Iterator[Piece]:
    """Yield a conversation's messages as they are trained on; of a preference, input and preferred output."""
    tools = tools_of(example)
    messages = messages_of(example)
    if tools:
        listed = _TOOLS_BEFORE + "".join(f"\n{tool}" for tool in tools) + _TOOLS_BEHIND
        begins = bool(messages) and role_of(messages[0]) == "system"
        yield Piece(
            "system\n", f"{text_of(messages[0].content)}\n\n{listed}" if begins else listed, trained=False
        )
        messages = messages[1:] if begins else messages
    for message in messages:
        yield _piece(message)


def rendered(example: Example) -> str:
    """Return the conversation as one text."""
    return "".join(piece.whole for piece in pieces(example))


def _piece(message: Message) -> Piece:
    if isinstance(message, Assistant):
        calls = [_CALL.format(call.name, call.arguments) for call in calls_of(message)]
        text = "\n".join([text_of(message.content), *calls]) if calls else text_of(message.content)
        return Piece("assistant\n", text, trained=message.weight != 0)
    if isinstance(message, ToolAnswer | FunctionAnswer):
        return Piece(
            "user\n", f"<tool_response>\n{text_of(message.content)}\n</tool_response>", trained=False
        )
    role = role_of(message)
    return Piece("system\n" if role == "developer" else f"{role}\n", text_of(message.content), trained=False)


_CALL: Final = '<tool_call>\n{{"name": "{}", "arguments": {}}}\n</tool_call>'
