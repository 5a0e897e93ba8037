"""The table of contents of `tuneward data`."""

import typer

from cli.data import build, check, convert, plan, policy, split

app = typer.Typer(
    help="Training data: check it, convert it, divide it, build it, plan a job with it.", no_args_is_help=True
)
app.command("check")(check.check)
app.command("convert")(convert.convert)
app.command("split")(split.split)
app.command("build")(build.build)
app.command("plan")(plan.plan)
app.command("policy")(policy.policy)
