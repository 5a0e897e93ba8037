"""Whether each line of a training file has the shape of an example, told while the file streams by."""

from dataclasses import dataclass
from typing import Final

from msgspec import DecodeError

from domain.errors import InvalidFile
from domain.training_data.examples import decode_example, kind_of
from domain.training_data.explain import explain, is_json
from domain.training_data.faults import Fault, Flaw
from domain.training_data.lines import Lines, refusal

FAULTS_KEPT: Final = 100
# A file with that many faulty lines is of no use, and looking into each costs more than a good line does.
FAULTS_COUNTED: Final = 10_000
_FAULTS_NAMED: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """What a file turned out to hold.

    `examples` counts the lines that can be used, `lines` all of them, blank ones too. `kind` is `chat`
    or `preference`, None where nothing can be used. `faults` holds the first 100, one for each faulty
    line; `fault_count` counts to 10,000 and then stops. `summary` is the text for `status_details`,
    empty where the file is usable.
    """

    examples: int
    lines: int
    kind: str | None
    faults: tuple[Fault, ...]
    fault_count: int

    @property
    def usable(self) -> bool:
        """Tell whether a job can train on this file: it holds examples and nothing else."""
        return self.fault_count == 0 and self.examples > 0

    @property
    def summary(self) -> str:
        """Return the number of faulty lines and what is wrong with the first five."""
        if not self.fault_count:
            return ""
        many = "or more " if self.fault_count >= FAULTS_COUNTED else ""
        noun = "line" if self.fault_count == 1 else "lines"
        named = " ".join(fault.message for fault in self.faults[:_FAULTS_NAMED])
        return f"{self.fault_count} {many}{noun} of {self.lines} cannot be used. {named}"


class StructureCheck:
    """Checks a training file of purpose `fine-tune` chunk by chunk, in flat memory.

    Feed chunks of up to about 1 MiB: each is checked at once, on the thread of the caller. What makes
    the file a refused one is kept in `refusal` rather than raised, since the purpose may arrive after
    the file; the rest of the file is then not looked at.
    """

    def __init__(self, max_line_bytes: int) -> None:
        self.refusal: InvalidFile | None = None
        self._lines = Lines(max_line_bytes)
        self._line = 0
        self._examples = 0
        self._kind: str | None = None
        self._faults: list[Fault] = []
        self._fault_count = 0
        self._any_json = False

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the file."""
        if self.refusal is None:
            try:
                self._check(self._lines.feed(chunk))
            except InvalidFile as error:
                self.refusal = error

    def finish(self) -> Structure:
        """Return what the file holds; call it once, after the last byte.

        Raises:
            InvalidFile: The file is empty, binary, not UTF-8, holds a NUL byte or a line that is too
                long, or not one of its lines is JSON.
        """
        if self.refusal is not None:
            raise self.refusal
        self._check(self._lines.finish())
        if not self._any_json:
            raise refusal("Not one line of the file is JSON; JSON Lines has one JSON object on each line.")
        return Structure(
            examples=self._examples,
            lines=self._line,
            kind=self._kind,
            faults=tuple(self._faults),
            fault_count=self._fault_count,
        )

    def _check(self, lines: list[bytes]) -> None:
        begin, self._line = self._line, self._line + len(lines)
        if self._fault_count >= FAULTS_COUNTED:
            return
        good = 0
        for number, line in enumerate(lines, begin + 1):  # hot: each name and call here shows in MB/s
            if not line or line.isspace():
                continue
            try:
                kind = kind_of(decode_example(line))
            except (DecodeError, RecursionError):
                kind = None
            if kind is not None and kind is self._kind:
                good += 1
            else:
                self._look_closer(number, line, kind)
                if self._fault_count >= FAULTS_COUNTED:
                    break
        self._examples += good

    def _look_closer(self, number: int, line: bytes, kind: str | None) -> None:
        """Count a line that is faulty, or the first good one, which sets the kind."""
        if kind is not None and self._kind is None:
            self._kind, self._any_json, self._examples = kind, True, 1
            return
        self._fault_count = min(self._fault_count + 1, FAULTS_COUNTED)
        if len(self._faults) < FAULTS_KEPT:
            flaw = explain(line) or Flaw(code="mixed_formats", seen=kind or "")
            self._faults.append(flaw.on(number))
        self._any_json = self._any_json or is_json(line)
        if self._fault_count >= FAULTS_COUNTED and not self._any_json:
            raise refusal(f"Not one of the first {FAULTS_COUNTED:,} lines with text is JSON.")
