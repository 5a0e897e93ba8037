"""The text that Qwen is trained on: a conversation in its chat template (ChatML, as of Qwen3).

Each message stands between `<|im_start|>` and `<|im_end|>`; these two are one token each and can merge with
nothing beside them, so that the tokens of a conversation are those of its pieces together. Source: the
template in the tokenizer configuration of Qwen3. What is different here, and why:

- Qwen3 puts an empty thinking block (`<think>`, `</think>` and line ends) before the last answer, without
  the line ends that the answer begins with, and drops the thinking of earlier answers. Whether the platform
  trains with these blocks it does not say; here a text stands as it is in the file. The block is 4 tokens
  for an example in Qwen3's own count.
- `<think>`, `<tool_call>`, `<tool_response>` and their ends are one token each for Qwen3's own tokenizer,
  but ordinary text for DashScope's, whose counts these are: 1 to 3 tokens more for each of them.
- The template knows neither `developer` messages (here: system messages), nor the older `functions`,
  `function_call` and role `function` (here: as tools, calls and their answers), nor content in parts (here:
  the parts one after the other).
- Of a tool, name, description and parameters are told, spaced as in the file; the template writes the whole
  object anew.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from domain.training_data.examples import (
    Assistant,
    Developer,
    Example,
    FunctionAnswer,
    Message,
    System,
    ToolAnswer,
    User,
    calls_of,
    messages_of,
    text_of,
    tools_of,
)

START: Final = "<|im_start|>"
END: Final = "<|im_end|>"
FRAME_TOKENS: Final = 3
"""START, END, and the line end behind it."""
SYSTEM: Final = "system\n"
USER: Final = "user\n"
ASSISTANT: Final = "assistant\n"
HEAD_TOKENS: Final = 2
"""Those of a role and the line end behind it."""
_SYSTEM: Final = (System, Developer)
_ANSWERS: Final = (ToolAnswer, FunctionAnswer)
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
    messages = messages_of(example)
    tools = tools_of(example)
    if tools:
        listed = _TOOLS_BEFORE + "".join(f"\n{tool}" for tool in tools) + _TOOLS_BEHIND
        begins = bool(messages) and isinstance(messages[0], _SYSTEM)
        text = f"{text_of(messages[0].content)}\n\n{listed}" if begins else listed
        yield Piece(SYSTEM, text, trained=False)
        messages = messages[1:] if begins else messages
    answers: list[str] = []  # of tools called together: they stand in one piece
    for message in messages:
        if isinstance(message, _ANSWERS):
            answers.append(f"<tool_response>\n{text_of(message.content)}\n</tool_response>")
            continue
        if answers:
            yield Piece(USER, "\n".join(answers), trained=False)
            answers = []
        yield _piece(message)
    if answers:
        yield Piece(USER, "\n".join(answers), trained=False)


def rendered(example: Example) -> str:
    """Return the conversation as one text."""
    return "".join(piece.whole for piece in pieces(example))


def _piece(message: Message) -> Piece:
    content = message.content
    text = content if isinstance(content, str) else text_of(content)
    if not isinstance(message, Assistant):
        return Piece(USER if isinstance(message, User) else SYSTEM, text, trained=False)
    if message.tool_calls or message.function_call:
        calls = [_CALL.format(call.name, call.arguments) for call in calls_of(message)]
        text = "\n".join([text, *calls] if text else calls)
    return Piece(ASSISTANT, text, trained=message.weight != 0)


_CALL: Final = '<tool_call>\n{{"name": "{}", "arguments": {}}}\n</tool_call>'
