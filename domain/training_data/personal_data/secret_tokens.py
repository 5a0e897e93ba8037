"""Keys, tokens and passwords in a text, without those that a manual prints for show."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from domain.training_data.personal_data.kinds import Kind, Span
from domain.training_data.personal_data.own_rules import JSON_WEB_TOKEN, PRIVATE_KEY, own_rules
from domain.training_data.personal_data.plugin_rules import PASSWORD_IN_URL, plugin_rules
from domain.training_data.personal_data.secret_rule import Rule

_REACH: Final = 80
_MADE_UP: Final = re.compile(
    r"example|your|xxxx|placeholder|dummy|sample|fake|changeme|redacted|123456|abcdef|(.)\1{4}", re.IGNORECASE
)
# What the debugger of jwt.io shows: subject 1234567890, John Doe.
_MADE_UP_JWT: Final = "eyJzdWIiOiIxMjM0NTY3ODkw"
_MADE_UP_PASSWORD: Final = re.compile(
    r"pass|pwd|secret|your|example|1234|xxx|\*|[<>{}%]|\.\.\.|^(?:pw|root|admin|guest|user|postgres|mysql|redis"
    r"|test|token|key|api_?key|foo|bar|me|port)$",
    re.IGNORECASE,
)
_DIFFERENT: Final = 8
_PIECE: Final = re.compile("[A-Za-z0-9]{12}")
_SHORTEST_PRIVATE_KEY: Final = 120
_IN_FRONT: Final = 200


def find_secrets(text: str) -> Iterator[Span]:
    """Yield what looks like a secret that works."""
    for rule in _rules():
        if any(anchor in text for anchor in rule.anchors):
            for start, end in _places(rule, text):
                value = text[start:end]
                if _works(rule.detail, value):
                    yield Span(Kind.SECRET, start, end, value, rule.detail)


def chinese_details() -> dict[str, str]:
    """Return the Chinese name of each sort of secret by its English one."""
    return {rule.detail: rule.detail_zh for rule in _rules()}


@lru_cache(maxsize=1)
def _rules() -> tuple[Rule, ...]:
    return (*plugin_rules(), *own_rules())


def _places(rule: Rule, text: str) -> Iterator[tuple[int, int]]:
    if rule.token is None:
        yield from (match.span(rule.group) for match in rule.pattern.finditer(text))
        return
    for token in rule.token.finditer(text):
        start = max(0, token.start() - _REACH)
        for match in rule.pattern.finditer(text[start : token.end()]):
            first, last = match.span(rule.group)
            yield start + first, start + last


def _works(detail: str, value: str) -> bool:
    """Tell whether a value is no placeholder; each sort of secret has its own."""
    if detail == PRIVATE_KEY:
        return len(value) >= _SHORTEST_PRIVATE_KEY
    if detail == PASSWORD_IN_URL:
        return _MADE_UP_PASSWORD.search(value) is None
    if detail == JSON_WEB_TOKEN:
        return _MADE_UP_JWT not in value
    return _is_random(value)


def _is_random(value: str) -> bool:
    front = value[:_IN_FRONT]
    return (
        len(set(front)) >= _DIFFERENT
        and any(character.isdigit() for character in front)
        and _PIECE.search(value) is not None
        and _MADE_UP.search(front) is None
        and _MADE_UP_JWT not in value
    )
