"""The shape of one example, for a typed decoder that reads a line and checks it in one pass.

Two kinds, as in OpenAI's fine-tuning format: chat (`messages`) and preference (`input`,
`preferred_output`, `non_preferred_output`). Keys that are not named here may be there and are skipped.
"""

from typing import Annotated, Final, Literal, TypeAlias

from msgspec import UNSET, DecodeError, Meta, Raw, Struct, UnsetType
from msgspec.json import Decoder

CHAT: Final = "chat"
PREFERENCE: Final = "preference"
FIRST_VISIBLE: Final = "!"
"""A text that sorts before this one is empty, or begins with a space or a control character."""
ROLES: Final = ("system", "developer", "user", "assistant", "tool", "function")


_NOTHING: Final = Raw(b"null")


class TextPart(Struct, tag_field="type", tag="text", gc=False):
    """A piece of a message's content; this model family reads text only."""

    text: str


Content: TypeAlias = str | list[TextPart]


class FunctionCall(Struct, gc=False):
    """A call the assistant makes; `arguments` is JSON in a string."""

    name: str
    arguments: str


class ToolCall(Struct, gc=False):
    """One entry of an assistant message's `tool_calls`."""

    id: str
    type: Literal["function"]
    function: FunctionCall


class Function(Struct, gc=False):
    """What a tool offers; `parameters`, a JSON Schema of any size, is kept as it stands."""

    name: str
    description: Raw = _NOTHING
    parameters: Raw = _NOTHING


class Tool(Struct, gc=False):
    """One entry of `tools`."""

    type: Literal["function"]
    function: Function


class System(Struct, gc=False, tag_field="role", tag="system"):
    """Says who the assistant is."""

    content: Content


class Developer(Struct, gc=False, tag_field="role", tag="developer"):
    """The newer name of a system message."""

    content: Content


class User(Struct, gc=False, tag_field="role", tag="user"):
    """What the assistant is asked."""

    content: Content


class Assistant(Struct, gc=False, tag_field="role", tag="assistant"):
    """What the model learns to say, unless `weight` is 0: an answer, or calls of tools."""

    content: Content | None = None
    tool_calls: list[ToolCall] | None = None
    function_call: FunctionCall | None = None
    weight: Literal[0, 1] | None = None


class ToolAnswer(Struct, gc=False, tag_field="role", tag="tool"):
    """What a called tool answered."""

    content: Content
    tool_call_id: str


class FunctionAnswer(Struct, gc=False, tag_field="role", tag="function"):
    """The older name of a tool's answer."""

    name: str
    content: str | None = None


Message: TypeAlias = System | Developer | User | Assistant | ToolAnswer | FunctionAnswer
Messages: TypeAlias = Annotated[list[Message], Meta(min_length=1)]


class Prompt(Struct, gc=False):
    """The `input` of a preference example."""

    messages: Messages
    tools: list[Tool] | None = None
    parallel_tool_calls: bool | None = None


class Example(Struct, gc=False):
    """One line: a chat, or a preference between two answers."""

    messages: Messages | UnsetType = UNSET
    tools: list[Tool] | None = None
    parallel_tool_calls: bool | None = None
    functions: list[Function] | None = None
    input: Prompt | UnsetType = UNSET
    preferred_output: Messages | UnsetType = UNSET
    non_preferred_output: Messages | UnsetType = UNSET


decode_example: Final = Decoder(Example).decode
skim: Final = Decoder(Raw).decode


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


def tools_of(example: Example) -> list[str]:
    """Return the tools of one line, each as the JSON that the model reads."""
    prompt = example.input if example.input is not UNSET else None
    tools = example.tools or (prompt.tools if prompt is not None else None) or []
    functions = [tool.function for tool in tools] or example.functions or []
    return [_described(function) for function in functions]


def _described(function: Function) -> str:
    given = {"description": function.description, "parameters": function.parameters}
    told = [f'"{key}": {bytes(raw).decode()}' for key, raw in given.items() if raw is not _NOTHING]
    fields = ", ".join([f'"name": "{function.name}"', *told])
    return f'{{"type": "function", "function": {{{fields}}}}}'


def kind_of(example: Example) -> str | None:
    """Return `chat` or `preference` if the example is a whole and sensible one, else None.

    In a chat the user asks, the assistant has the last word, one of its messages at least is trained on, and
    no message is blank; in a preference this is true of the input with either output behind it, and the user
    asks in the input. `explain` says in words what None means.

    Most lines are one question and its answer, with or without a system message: for these it is written out,
    since this and the decoder are what the speed of a check comes to.
    """
    messages = example.messages
    if messages is UNSET:
        return _preference(example)
    if len(messages) == 3 and type(messages[0]) is System:  # noqa: PLR2004 - system, user, assistant
        system, question, answer = messages
        if type(system.content) is not str or system.content <= FIRST_VISIBLE:
            return _chat(messages)
    elif len(messages) == 2:  # noqa: PLR2004 - user, assistant
        question, answer = messages
    else:
        return _chat(messages)
    if (
        type(question) is User
        and type(answer) is Assistant
        and answer.weight is None
        and not (answer.tool_calls or answer.function_call)
    ):
        asked, said = question.content, answer.content
        if type(asked) is str and type(said) is str and asked > FIRST_VISIBLE and said > FIRST_VISIBLE:
            return CHAT
    return _chat(messages)


def _chat(messages: list[Message]) -> str | None:
    return CHAT if _is_whole(messages) else None


def _preference(example: Example) -> str | None:
    if example.input is UNSET or example.preferred_output is UNSET or example.non_preferred_output is UNSET:
        return None
    prompt, outputs = example.input.messages, (example.preferred_output, example.non_preferred_output)
    asked = User in map(type, prompt)
    return PREFERENCE if asked and all(_is_whole([*prompt, *output]) for output in outputs) else None


def says_something(message: Message) -> bool:
    """Tell whether there is text, or calls that can be read; what a tool answers may be empty."""
    kind = type(message)
    if kind is Assistant and (message.tool_calls or message.function_call):  # type: ignore[union-attr]
        return all(is_json(call.arguments) for call in calls_of(message))  # type: ignore[arg-type]
    return kind is ToolAnswer or kind is FunctionAnswer or not is_blank(text_of(message.content))


def is_blank(text: str) -> bool:
    """Tell whether a text is empty, or white space that begins with an ASCII one."""
    return not text or (text < FIRST_VISIBLE and text.isspace())


def calls_of(message: Assistant) -> list[FunctionCall]:
    """Return the calls that an assistant message makes."""
    calls = [call.function for call in message.tool_calls or []]
    return calls if message.function_call is None else [*calls, message.function_call]


def is_json(text: bytes | str) -> bool:
    """Tell whether this is well-formed JSON of any kind; one too deep to follow counts."""
    try:
        skim(text)
    except RecursionError:
        return True
    except (DecodeError, UnicodeEncodeError):
        return False
    return True


def _is_whole(messages: list[Message]) -> bool:
    """Tell whether the user asked, each message says something, and the assistant has the last word."""
    kind: type | None = None
    asked = trained = False
    for message in messages:
        content = message.content
        if (type(content) is not str or content < FIRST_VISIBLE) and not says_something(message):
            return False
        kind = type(message)
        if kind is User:
            asked = True
        elif kind is Assistant:
            trained = trained or message.weight != 0  # type: ignore[union-attr]
            if not says_something(message):
                return False
    return asked and trained and kind is Assistant
