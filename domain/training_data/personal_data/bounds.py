"""Where a number or a token may begin: not inside a word; a line end written in code ends one."""

from typing import Final

WORD_START: Final = r"(?:(?<![0-9A-Za-z_])|(?<=\\[nrt]))"
TOKEN_START: Final = r"(?:(?<![0-9A-Za-z_-])|(?<=\\[nrt]))"  # noqa: S105 - an expression
ESCAPED_LINE_END: Final = ("\\n", "\\r", "\\t")
