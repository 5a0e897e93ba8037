"""How a command reaches the database: one transaction, and errors as one line."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import typer

if TYPE_CHECKING:
    from config.settings import Settings
    from db.session import Session

T = TypeVar("T")


def settings_or_exit(read: "Callable[[], Settings] | None" = None) -> "Settings":
    """Return the settings, or what `read` makes of them; say what is missing or wrong, and exit 2."""
    from pydantic import ValidationError

    from config.settings import Settings

    try:
        return read() if read is not None else Settings()
    except ValidationError as error:
        for fault in error.errors():
            print(f"{str(fault['loc'][0]).upper()}: {fault['msg']}", file=sys.stderr)
        raise typer.Exit(2) from error


def keys_or_exit() -> list[str]:
    """Return the keys that encrypt stored secrets; say how to make one if there is none, and exit 2."""
    from config.secret_keys import NoSecretKeys, read_secret_keys

    try:
        return read_secret_keys(settings_or_exit())
    except NoSecretKeys as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from error


def in_transaction(work: "Callable[[Session], Awaitable[T]]") -> T:
    """Run `work` in one transaction on the configured database; an expected error exits 1 with its text."""
    from db.session import Database
    from domain.errors import TunewardError

    settings = settings_or_exit()

    async def run() -> T:
        database = Database(settings.database_url.get_secret_value(), pool_size=2)
        try:
            async with database.transaction() as session:
                return await work(session)
        finally:
            await database.close()

    try:
        return asyncio.run(run())
    except TunewardError as error:
        cause = f" ({error.__cause__})" if error.__cause__ else ""
        print(f"{error.message}{cause}", file=sys.stderr)
        raise typer.Exit(1) from error
