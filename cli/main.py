"""The table of contents of the `tuneward` command."""

import typer

from cli import demo, dev, jobs, keys, platform, processes
from cli.data import commands as data

app = typer.Typer(
    name="tuneward",
    help="Async job tracking for fine-tuning on XPULink.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

app.command("dev")(dev.dev)
app.command("demo")(demo.demo)
app.command("api")(processes.api)
app.command("worker")(processes.worker)
app.command("migrate")(processes.migrate)
app.command("simulator", **processes.PASS_ARGUMENTS_ON)(processes.simulator)
app.add_typer(keys.app, name="keys")
app.add_typer(jobs.app, name="jobs")
app.add_typer(platform.app, name="platform")
app.add_typer(data.app, name="data")
