"""Whether each line of a training file has the shape of an example, told while the file streams by."""

from array import array
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from msgspec import DecodeError

from domain.errors import InvalidFile
from domain.training_data.estimate import TokenEstimate
from domain.training_data.examples import decode_example, is_json, kind_of
from domain.training_data.explain import explain
from domain.training_data.faults import Fault, Flaw
from domain.training_data.lines import Lines, no_text, refusal

FAULTS_KEPT: Final = 10_000
"""So many faults are told one by one; the others are counted."""
FAULTY_LINES_KEPT: Final = 1_000_000
"""Of so many faulty lines it is known which they are; a file with more of them cannot be cleaned."""
_NO_JSON_UNTIL: Final = 10_000
_FAULTS_NAMED: Final = 5
_REFUSED: Final = frozenset({"not_utf8", "nul_byte", "line_too_long"})
"""What shows that a file is no JSON Lines at all: an upload of it is refused."""


@dataclass(frozen=True, kw_only=True)
class Structure:
    """What a file turned out to hold.

    Attributes:
        examples: The number of lines that can be used.
        lines: The number of all of them, blank ones too.
        kind: `chat` or `preference`; None where nothing can be used.
        flaws: The first 10,000 with their lines, in order; a line may have several.
        fault_count: How many there are; of lines beyond the 10,000th flaw each counts once.
        faulty_count: How many lines have one.
        faulty_lines: Their numbers, the first million.
        refusal: Why an upload of the file is refused as a whole; None else.
        tokens: About how many tokens its examples have.
    """

    examples: int
    lines: int
    kind: str | None
    flaws: tuple[tuple[int | None, Flaw], ...]
    fault_count: int
    faulty_count: int
    faulty_lines: "array[int]"
    refusal: InvalidFile | None
    tokens: TokenEstimate

    @cached_property
    def faults(self) -> tuple[Fault, ...]:
        """The flaws in words."""
        return tuple(flaw.on(line) for line, flaw in self.flaws)

    @property
    def invalid_ratio(self) -> float:
        """The share of the lines with text that cannot be used, from 0 to 1."""
        total = self.examples + self.faulty_count
        return self.faulty_count / total if total else 1.0

    @property
    def usable(self) -> bool:
        """Tell whether a job can train on this file as it is: it holds examples and nothing else."""
        return self.refusal is None and self.faulty_count == 0 and self.examples > 0

    @property
    def summary(self) -> str:
        """Return the number of faulty lines and what is wrong first."""
        return self._summary("message")

    @property
    def summary_zh(self) -> str:
        """Return the same in Chinese."""
        return self._summary("message_zh")

    def _summary(self, language: str) -> str:
        if not self.fault_count:
            return ""
        if self.flaws[0][0] is None:
            return str(getattr(self.flaws[0][1].on(None), language))
        named = [getattr(flaw.on(line), language) for line, flaw in self.flaws[:_FAULTS_NAMED]]
        if language == "message_zh":
            return f"共 {self.lines} 行,其中 {self.faulty_count} 行无法使用。{''.join(named)}"
        noun = "line" if self.faulty_count == 1 else "lines"
        return f"{self.faulty_count} {noun} of {self.lines} cannot be used. {' '.join(named)}"


class StructureCheck:
    """Checks a training file of purpose `fine-tune` chunk by chunk, in flat memory.

    Feed chunks of up to about 1 MiB: each is checked at once, on the thread of the caller. What makes an
    upload a refused one is kept in `refusal` rather than raised, since the purpose may arrive after the
    file, and since a report of all that is wrong goes on behind it.
    """

    def __init__(self, max_line_bytes: int) -> None:
        self.refusal: InvalidFile | None = None
        self._max_line_bytes = max_line_bytes
        self._lines = Lines(max_line_bytes)
        self._overlong = 0
        self._examples = 0
        self._kind: str | None = None
        self._flaws: list[tuple[int | None, Flaw]] = []
        self._fault_count = 0
        self._faulty_count = 0
        self._faulty_lines: array[int] = array("Q")
        self._any_json = False
        self._tokens = TokenEstimate()

    @property
    def kind(self) -> str | None:
        """The kind of the file's examples, as soon as there is one."""
        return self._kind

    @property
    def goes_on(self) -> bool:
        """Tell whether a deeper look at the file makes sense: it is text, and its lines have an end."""
        return self._lines.binary is None and not self._lines.overlong

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the file."""
        self._take(self._lines.feed(chunk))

    def finish(self) -> Structure:
        """Return what the file holds; call it once, after the last byte."""
        self._take(self._lines.finish())
        if self._lines.size == 0:
            self._refuse(Flaw(code="empty_file"))
        elif not self._any_json and self.refusal is None:
            self._refuse(Flaw(code="no_json"))
        return Structure(
            examples=self._examples,
            lines=self._lines.count,
            kind=self._kind,
            flaws=tuple(sorted(self._flaws, key=lambda told: told[0] or 0)),
            fault_count=self._fault_count,
            faulty_count=self._faulty_count,
            faulty_lines=self._faulty_lines,
            refusal=self.refusal,
            tokens=self._tokens,
        )

    def _take(self, lines: list[bytes]) -> None:
        if self._lines.binary is not None:
            if self.refusal is None:
                self._refuse(Flaw(code="not_text", seen=self._lines.binary))
            return
        before = self._lines.count - len(lines)
        if self._kind is None or not self._all_good(lines):
            self._check_one_by_one(lines, before)
        for number in self._lines.overlong[self._overlong :]:
            self._overlong += 1
            self._tell(number, [Flaw(code="line_too_long", seen=str(self._max_line_bytes))])

    def _all_good(self, lines: list[bytes]) -> bool:
        """Take lines if each is an example of the file's kind; else take none."""
        kind = self._kind
        try:
            for line in lines:  # hot, as is `kind_of`
                if not line.isascii():
                    line.decode()
                if kind_of(decode_example(line)) is not kind:
                    return False
        except (DecodeError, UnicodeDecodeError, RecursionError):
            return False
        self._examples += len(lines)
        self._tokens.add(lines)
        return True

    def _is_ours(self, kind: str | None) -> bool:
        """Tell whether examples of this kind can be used; the first ones set the kind of the file."""
        if kind is not None and self._kind is None:
            self._kind, self._any_json = kind, True
        return kind is not None and kind is self._kind

    def _check_one_by_one(self, lines: list[bytes], before: int) -> None:
        for number, line in enumerate(lines, before + 1):
            if not line or line.isspace():
                continue
            flaw = no_text(line)
            if flaw is not None:
                self._tell(number, [flaw])
            elif self._is_ours(_kind_of(line)):
                self._examples += 1
                self._tokens.add([line])
            else:
                self._look_closer(number, line)

    def _look_closer(self, number: int, line: bytes) -> None:
        """Tell what is wrong with a line."""
        self._any_json = self._any_json or is_json(line)
        if len(self._flaws) < FAULTS_KEPT:
            flaws = explain(line) or [Flaw(code="mixed_formats", seen=_kind_of(line) or "")]
        else:
            flaws = []
        self._tell(number, flaws)
        if self._faulty_count >= _NO_JSON_UNTIL and not self._any_json and self.refusal is None:
            self._refuse(Flaw(code="no_json_begins", seen=f"{_NO_JSON_UNTIL:,}"))

    def _tell(self, number: int, flaws: list[Flaw]) -> None:
        """Keep what is wrong with a line; an empty list stands for one flaw that is only counted."""
        self._faulty_count += 1
        self._fault_count += len(flaws) or 1
        if len(self._faulty_lines) < FAULTY_LINES_KEPT:
            self._faulty_lines.append(number)
        room = FAULTS_KEPT - len(self._flaws)
        self._flaws += [(number, flaw) for flaw in flaws[:room]]
        for flaw in flaws:
            if flaw.code in _REFUSED and self.refusal is None:
                self.refusal = refusal(flaw.on(number).message)

    def _refuse(self, flaw: Flaw) -> None:
        """Refuse the file for what it is as a whole."""
        self._fault_count += 1
        self._flaws.insert(0, (None, flaw))
        self.refusal = refusal(flaw.on(None).message)


def _kind_of(line: bytes) -> str | None:
    try:
        return kind_of(decode_example(line))
    except (DecodeError, RecursionError):
        return None
