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
_LONG_WORD: Final = re.compile("[A-Za-z0-9_+/=.-]{16,}+")
_MADE_UP: Final = re.compile(
    r"example|your|xxxx|placeholder|dummy|sample|fake|changeme|redacted|123456|abcdef|(.)\1{4}", re.IGNORECASE
)
# What the debugger of jwt.io shows: subject 1234567890, John Doe.
_MADE_UP_JWT: Final = "eyJzdWIiOiIxMjM0NTY3ODkw"
_MADE_UP_PASSWORD: Final = re.compile(
    r"pass|pwd|secret|your|example|1234|xxx|\*|[<>{}%]|\.\.\.|\u2026|^(?:pw|root|admin|guest|user|postgres|mysql|redis"
    r"|test|token|key|api_?key|foo|bar|me|port)$",
    re.IGNORECASE,
)
_DIFFERENT: Final = 8
_PIECE: Final = re.compile("[A-Za-z0-9]{12}")
_SHORTEST_PRIVATE_KEY: Final = 120
_SHORTEST_PASSWORD: Final = 4
_IN_FRONT: Final = 200


def find_secrets(text: str) -> Iterator[Span]:
    """Yield what looks like a secret that works."""
    words = _LONG_WORD.findall(text)
    longest, all_words = max(map(len, words), default=0), " ".join(words)
    some_anchor = _anchors_in_words().search(all_words) is not None
    for rule in _rules():
        if rule.shortest > longest or (rule.in_word and not some_anchor):
            continue
        if _has_anchor(rule, all_words if rule.in_word else text):
            for start, end in _places(rule, text):
                if _works(rule.detail, text[start:end]):
                    yield Span(Kind.SECRET, start, end, text[start:end], rule.detail)


@lru_cache(maxsize=1)
def _anchors_in_words() -> re.Pattern[str]:
    return re.compile(
        "|".join(re.escape(anchor) for rule in _rules() if rule.in_word for anchor in rule.anchors)
    )


def _has_anchor(rule: Rule, text: str) -> bool:
    # A loop rather than any(): this runs forty times on every text with a long word in it.
    for anchor in rule.anchors:  # noqa: SIM110 - see above
        if anchor in text:
            return True
    return False


def chinese_details() -> dict[str, str]:
    """Return the Chinese name of each sort of secret by its English one."""
    return {rule.detail: rule.detail_zh for rule in _rules()}


@lru_cache(maxsize=1)
def _rules() -> tuple[Rule, ...]:
    # Where two rules find the same, the first gives the name: the name of a variable says least.
    return tuple(sorted((*plugin_rules(), *own_rules()), key=lambda rule: rule.token is not None))


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
        return len(value) >= _SHORTEST_PRIVATE_KEY and "EXAMPLE" not in value
    if detail == PASSWORD_IN_URL:
        return len(value) >= _SHORTEST_PASSWORD and _MADE_UP_PASSWORD.search(value) is None
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
