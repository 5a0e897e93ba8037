"""Tools in ShareGPT conversations: the calls are JSON in a turn's text, without ids."""

from collections import deque
from typing import Any, Final

import msgspec

from domain.training_data.faults import quoted
from domain.training_data.problems import Misfit

_UNREADABLE: Final = (msgspec.DecodeError, UnicodeEncodeError, RecursionError)


class Calls:
    """Gives the calls of one conversation their ids, and each answer the id of the oldest open call."""

    def __init__(self) -> None:
        self._open: deque[str] = deque()
        self._count = 0

    def call(self, value: Any, where: str) -> dict[str, Any]:
        """Return the assistant's message for one call, or a list of them.

        Raises:
            Misfit: The value is not a call.
        """
        value = _decoded(value)
        calls = value if isinstance(value, list) else [value]
        if not calls:
            raise Misfit("bad_call", field=where)
        self._open.clear()
        return {"role": "assistant", "tool_calls": [self._one(call, where) for call in calls]}

    def answer(self, text: str, where: str) -> dict[str, Any]:
        """Return the message of a tool that answers.

        Raises:
            Misfit: No call is open.
        """
        if not self._open:
            raise Misfit("answer_without_call", field=where)
        return {"role": "tool", "tool_call_id": self._open.popleft(), "content": text}

    def _one(self, call: Any, where: str) -> dict[str, Any]:
        if not isinstance(call, dict) or not isinstance(call.get("name"), str):
            raise Misfit("bad_call", field=where)
        arguments = call.get("arguments", {})
        if not isinstance(arguments, str):
            arguments = _encoded(arguments)
        self._count += 1
        self._open.append(f"call_{self._count}")
        function = {"name": call["name"], "arguments": arguments}
        return {"id": self._open[-1], "type": "function", "function": function}


def tools_of(value: Any) -> list[dict[str, Any]]:
    """Return the tools of a record, given as JSON or as text of JSON; empty where there are none.

    Raises:
        Misfit: They are not a list of functions.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return []
    value = _decoded(value)
    if not isinstance(value, list):
        raise Misfit("bad_tools", field=quoted("tools"))
    return [_tool(entry) for entry in value]


def _tool(entry: Any) -> dict[str, Any]:
    function = entry.get("function", entry) if isinstance(entry, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise Misfit("bad_tools", field=quoted("tools"))
    return {"type": "function", "function": function}


def _decoded(value: Any) -> Any:
    """Return what the text of JSON says; what is no JSON comes back as None."""
    if not isinstance(value, str):
        return value
    try:
        return msgspec.json.decode(value)
    except _UNREADABLE:
        return None


def _encoded(value: Any) -> str:
    return msgspec.json.encode(value).decode()
