"""What the looks read of an example: its question, its answer, and texts made comparable."""

import unicodedata
from hashlib import blake2b
from typing import Final

from domain.training_data.examples import Assistant, Developer, Message, System, User, text_of

HASH_BYTES: Final = 8
_SYSTEM: Final = (System, Developer)


def said(message: Message) -> str:
    """Return what a message says: its text, and the calls that an assistant makes as name and arguments."""
    text = text_of(message.content)
    if type(message) is Assistant and (message.tool_calls or message.function_call):
        calls = [call.function for call in message.tool_calls or ()]
        if message.function_call:
            calls.append(message.function_call)
        return " ".join((text, *(f"{call.name} {call.arguments}" for call in calls)))
    return text


def question_of(messages: list[Message]) -> str:
    """Return the text of the last user message; empty if there is none."""
    for message in reversed(messages):
        if type(message) is User:
            return text_of(message.content)
    return ""


def answer_of(messages: list[Message]) -> str:
    """Return the text of the last message if the assistant says it, without tool calls; else empty."""
    last = messages[-1] if messages else None
    return text_of(last.content) if type(last) is Assistant else ""


def system_of(messages: list[Message]) -> str:
    """Return the texts of all system and developer messages, one to a line."""
    return "\n".join(text_of(message.content) for message in messages if type(message) in _SYSTEM)


def conversation_of(messages: list[Message]) -> str:
    """Return all that is said by others than the system, normalised, a message to a line."""
    return "\n".join(normalised(said(message)) for message in messages if not is_system(message))


def is_system(message: Message) -> bool:
    """Tell whether a message says who the assistant is, rather than belonging to the conversation."""
    return type(message) in _SYSTEM


def normalised(text: str) -> str:
    """Return text in lower case, with single blanks and one form of each character (half-width, composed)."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return " ".join(text.lower().split())


def fingerprint(text: str) -> bytes:
    """Return eight bytes that stand for a text; the same in each process."""
    return blake2b(utf8(text), digest_size=HASH_BYTES).digest()


def utf8(text: str) -> bytes:
    """Return text as bytes; half a surrogate pair, which JSON can escape, is no error."""
    return text.encode(errors="surrogatepass")
