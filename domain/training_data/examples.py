"""The shape of one example, for a typed decoder that reads a line and checks it in one pass.

Two kinds, as in OpenAI's fine-tuning format: chat (`messages`) and preference (`input`,
`preferred_output`, `non_preferred_output`). Keys that are not named here may be there and are skipped.
"""

from typing import Annotated, Final, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.json import Decoder

CHAT: Final = "chat"
PREFERENCE: Final = "preference"
ROLES: Final = ("system", "developer", "user", "assistant", "tool", "function")


class TextPart(Struct, tag_field="type", tag="text", gc=False):
    """A piece of a message's content; this model family reads text only."""

    text: str


Content: TypeAlias = str | list[TextPart]


class FunctionCall(Struct, gc=False):
    """A call the assistant makes; `arguments` is JSON in a string."""

    name: str
    arguments: str


class ToolCall(Struct):
    """One entry of an assistant message's `tool_calls`."""

    id: str
    type: Literal["function"]
    function: FunctionCall


class Function(Struct):
    """What a tool offers; `parameters`, a JSON Schema of any size, is not looked into."""

    name: str


class Tool(Struct):
    """One entry of `tools`."""

    type: Literal["function"]
    function: Function


class System(Struct, tag_field="role", tag="system"):
    """Says who the assistant is."""

    content: Content


class Developer(Struct, tag_field="role", tag="developer"):
    """The newer name of a system message."""

    content: Content


class User(Struct, tag_field="role", tag="user"):
    """What the assistant is asked."""

    content: Content


class Assistant(Struct, tag_field="role", tag="assistant"):
    """What the model learns to say, unless `weight` is 0: an answer, or calls of tools."""

    content: Content | None = None
    tool_calls: list[ToolCall] | None = None
    function_call: FunctionCall | None = None
    weight: Literal[0, 1] | None = None

    def says_something(self) -> bool:
        """Tell whether there is text or a call to learn."""
        return bool(self.content or self.tool_calls or self.function_call)


class ToolAnswer(Struct, tag_field="role", tag="tool"):
    """What a called tool answered."""

    content: Content
    tool_call_id: str


class FunctionAnswer(Struct, tag_field="role", tag="function"):
    """The older name of a tool's answer."""

    name: str
    content: str | None = None


Message: TypeAlias = System | Developer | User | Assistant | ToolAnswer | FunctionAnswer
Messages: TypeAlias = Annotated[list[Message], Meta(min_length=1)]


class Prompt(Struct):
    """The `input` of a preference example."""

    messages: Messages
    tools: list[Tool] | None = None
    parallel_tool_calls: bool | None = None


class Example(Struct):
    """One line: a chat, or a preference between two answers."""

    messages: Messages | UnsetType = UNSET
    tools: list[Tool] | None = None
    parallel_tool_calls: bool | None = None
    functions: list[Function] | None = None
    input: Prompt | UnsetType = UNSET
    preferred_output: Messages | UnsetType = UNSET
    non_preferred_output: Messages | UnsetType = UNSET


decode_example: Final = Decoder(Example).decode


def text_of(content: Content | None) -> str:
    """Return a message's text, its parts one after the other; empty where there is none."""
    if isinstance(content, list):
        return "".join(part.text for part in content)
    return content or ""


def messages_of(example: Example) -> list[Message]:
    """Return the messages of one line in order; of a preference the input and the preferred output."""
    if example.messages is not UNSET:
        return example.messages
    prompt = example.input.messages if example.input is not UNSET else []
    return [*prompt, *(example.preferred_output or [])]


def role_of(message: Message) -> str:
    """Return the role of a message."""
    return str(message.__struct_config__.tag)


def kind_of(example: Example) -> str | None:
    """Return `chat` or `preference` if the example is a whole and sensible one, else None.

    A chat has a user message and ends with an assistant message; so does a preference, the user
    message in its input and the assistant message at the end of both outputs. `explain` says in words
    what None means.
    """
    if example.messages is not UNSET:
        return CHAT if _answers(example.messages, asked=False) else None
    if example.input is UNSET or example.preferred_output is UNSET or example.non_preferred_output is UNSET:
        return None
    asked = any(type(message) is User for message in example.input.messages)
    whole = _answers(example.preferred_output, asked=asked) and _answers(
        example.non_preferred_output, asked=asked
    )
    return PREFERENCE if whole else None


def _answers(messages: list[Message], *, asked: bool) -> bool:
    """Tell whether the user asked, every assistant message says something, and the last is one; one pass."""
    kind: type | None = None
    for message in messages:
        kind = type(message)
        if kind is User:
            asked = True
        elif kind is Assistant and not (message.content or message.says_something()):  # type: ignore[union-attr]
            return False
    return asked and kind is Assistant
