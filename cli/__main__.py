"""`python -m cli`: how the embedded stack starts its processes, with no need of a script on PATH."""

from cli.main import app

app(prog_name="tuneward")
