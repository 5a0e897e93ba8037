"""E-mail addresses of people."""

import re
from collections.abc import Iterator
from typing import Final

from phonenumbers import SUPPORTED_REGIONS

from domain.training_data.personal_data.bounds import ESCAPED_LINE_END
from domain.training_data.personal_data.kinds import Kind, Span

_DOMAIN: Final = re.compile(r"(?:[A-Za-z0-9-]{1,63}\.){1,9}[A-Za-z0-9-]{2,63}")
# Read from the @ to the front; no piece of a word with an accent.
_BACKWARDS: Final = re.compile(r"[A-Za-z0-9._%+-]*+(?![\u00c0-\u024f])")
_LONGEST_LOCAL_PART: Final = 64
# Countries' domains are named as their telephone regions are, with these few besides.
_COUNTRIES: Final = frozenset(region.lower() for region in SUPPORTED_REGIONS) | {"uk", "eu", "su"}
_GENERIC: Final = re.compile(
    "com|net|org|edu|gov|mil|int|info|biz|name|pro|mobi|xyz|top|vip|club|site|online|tech|shop|app|dev|cloud"
    "|wang|work|live|fun|store|asia|icu|link|ltd|group|art|space|website|ren|xin|email|page|one|world|today"
    "|life|blog|news|agency|company|center|studio|design|digital|solutions|services|team|chat|social|jobs"
)
# Domains kept for examples, and what manuals write where the reader's own goes.
_MADE_UP_DOMAINS: Final = re.compile(
    r"(?:.*\.)?example\.(?:com|net|org|edu|cn|com\.cn)"
    r"|(?:your|my)?(?:domain|company|site)\.com|(?:test|email|xxx?|abc|foo|bar|sample)\.com"
)
# Mailboxes of a service, and names that stand for any name.
_NOBODY: Final = re.compile(
    "no-?reply|do-?not-?reply|support|services?|help|helpdesk|info|contact|sales|admin|postmaster|webmaster"
    "|hostmaster|abuse|security|press|hr|jobs|careers|kefu|git|user|username|(?:your[._-]?)?(?:name|email)"
    "|example|xxx+|test|foo|bar|someone|somebody|you|me|recipient|sender|from|to"
)
_IN_A_URL: Final = re.compile(r"://[^\s/@]*$")
_REACH: Final = 100


def find_email_addresses(text: str) -> Iterator[Span]:
    """Yield the addresses that can be a person's."""
    at = text.find("@")
    while at >= 0:
        written = _DOMAIN.match(text, at + 1)
        domain = _domain(written[0]) if written else ""
        if domain:
            start, end = _start(text, at), at + 1 + len(domain)
            address = text[start:end].lower()
            if _is_somebody(address) and not _is_code(text, at, end):
                yield Span(Kind.EMAIL_ADDRESS, start, end, address)
        at = text.find("@", at + 1)


def _start(text: str, at: int) -> int:
    """Return where what stands before the @ begins, at most 64 characters before it."""
    reach = max(0, at - _LONGEST_LOCAL_PART - 1)
    local = _BACKWARDS.match(text[reach:at][::-1])
    start = at - len(local[0].rstrip(".")) if local else at
    return start + text.startswith(ESCAPED_LINE_END, max(0, start - 1))


def _domain(written: str) -> str:
    """Return as much of this as ends in a top-level domain, empty if nothing does."""
    labels = written.split(".")
    while len(labels) > 1 and not _is_top_level(labels[-1]):
        labels.pop()
    return ".".join(labels) if len(labels) > 1 and all(labels) else ""


def _is_top_level(label: str) -> bool:
    name = label.lower()
    same_case = label in (name, label.upper())
    return same_case and (name in _COUNTRIES or _GENERIC.fullmatch(name) is not None)


def _is_code(text: str, at: int, end: int) -> bool:
    """Tell a product of matrices, `q@k.to(device)`, or who logs in, in a URL, from an address."""
    is_called = text.startswith("(", end) and text[end - 3] == "." and not text.startswith("cn", end - 2)
    is_attribute = text.startswith("self.", at + 1)
    return is_called or is_attribute or _IN_A_URL.search(text, max(0, at - _REACH), at) is not None


def _is_somebody(address: str) -> bool:
    local, _, domain = address.partition("@")
    if not 0 < len(local) <= _LONGEST_LOCAL_PART:
        return False
    return _NOBODY.fullmatch(local) is None and _MADE_UP_DOMAINS.fullmatch(domain) is None
