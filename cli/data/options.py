"""Options that several commands have in common."""

from typing import Annotated

import typer

File = Annotated[str, typer.Argument(metavar="FILE", help="The file; - is the standard input.")]
MaxLineBytes = Annotated[
    int,
    typer.Option(min=1, envvar="TUNEWARD_MAX_LINE_BYTES", help="The longest line that is taken, in bytes."),
]
Processes = Annotated[
    int | None,
    typer.Option(
        min=1, max=64, envvar="TUNEWARD_EXAMINERS", help="Processes for a large file; one for each processor."
    ),
]
Model = Annotated[str, typer.Option(help="The platform's name of the model to be tuned.")]
System = Annotated[str | None, typer.Option(help="The system prompt of examples that bring none.")]
Strict = Annotated[bool, typer.Option("--strict", help="Write nothing if a record cannot be used.")]
