"""What a rule for one sort of secret is made of."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One sort of secret, named in English and Chinese. `group` of the pattern is the secret itself.

    The pattern is tried only where a word of the text is at least as long as `shortest` and one of the
    `anchors` stands in the text, or, with `in_word`, in one of its long words. With `token`, it is tried only
    on each such token and what stands right before it, which bounds its work.
    """

    detail: str
    detail_zh: str
    anchors: tuple[str, ...]
    pattern: re.Pattern[str]
    group: int = 0
    shortest: int = 0
    in_word: bool = False
    token: re.Pattern[str] | None = None
