"""`tuneward data convert`: other formats to training data."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from cli.data.language import Lang, Words, spoken
from cli.data.options import File, Strict, System

if TYPE_CHECKING:
    from domain.training_data.conversion import Conversion

_PARTS: Final = ("question", "answer", "system")
_FORM: Final = "question=NAME,answer=NAME"
_BAD_COLUMN: Final = Words(
    "--columns: '{entry}' is not PART=NAME with one of the parts {parts}; write {form}.",
    "--columns:'{entry}' 不是 部分=列名 的形式,可用的部分为 {parts};请写成 {form}。",
)

Form = Annotated[
    Literal["alpaca", "sharegpt", "pairs", "csv", "dialogues"] | None,
    typer.Option("--format", help="What the file is; found out if not said."),
]
Columns = Annotated[
    str | None, typer.Option(help="The columns of a table: question=NAME,answer=NAME,system=NAME.")
]
Delimiter = Annotated[
    str | None, typer.Option(help=r"Between the cells of a table: one character, or \t for a tab.")
]


def convert(
    file: File,
    form: Form = None,
    to: Annotated[Path | None, typer.Option(help="Where to write; else the standard output.")] = None,
    system: System = None,
    columns: Columns = None,
    delimiter: Delimiter = None,
    strict: Strict = False,
    lang: Lang = None,
) -> None:
    """Turn Alpaca, ShareGPT, pairs, CSV or plain dialogues into training data; exits 1 if some could not be.

    What was found out, and the records that could not be used, are told on the standard error.
    """
    from cli.data.converting import written
    from cli.data.refusals import refusals_told
    from domain.training_data import conversion

    language = spoken(lang)
    with refusals_told(language):
        wanted = None if columns is None else _columns(columns)

        def begin(chunks: Iterator[bytes]) -> "Conversion":
            return conversion.convert(
                chunks,
                format=form,
                system=system,
                columns=wanted,
                delimiter="\t" if delimiter == r"\t" else delimiter,
            )

        code = written(file, to, begin, language, strict=strict)
    raise typer.Exit(code)


def _columns(text: str) -> dict[str, str]:
    """Read `question=Q,answer=A`; a column whose name has a comma cannot be named here.

    Raises:
        Refused: an entry is not of this form.
    """
    from cli.data.refusals import Refused

    found = {}
    for entry in text.split(","):
        part, equals, name = entry.partition("=")
        if part.strip() not in _PARTS or not equals or not name.strip():
            raise Refused(_BAD_COLUMN, entry=entry, form=_FORM, parts=", ".join(_PARTS))
        found[part.strip()] = name.strip()
    return found
