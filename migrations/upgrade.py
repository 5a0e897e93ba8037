"""Bring a database to the newest schema, or back; what `tuneward migrate` and the tests call."""

import logging
import time
from pathlib import Path

from alembic import command
from alembic.config import Config
from asyncpg import CannotConnectNowError

_log = logging.getLogger(__name__)


def alembic_config(database_url: str) -> Config:
    """Return Alembic's configuration for this database; nothing is read from the environment."""
    config = Config(str(Path(__file__).with_name("alembic.ini")))
    config.attributes["database_url"] = database_url
    return config


def upgrade_to_head(database_url: str, *, patience: float = 0.0) -> None:
    """Apply every migration that is missing. Runs its own event loop: call it from plain code.

    Args:
        database_url: the database.
        patience: seconds to wait for a server that does not answer yet.
    """
    give_up = time.monotonic() + patience
    while True:
        try:
            command.upgrade(alembic_config(database_url), "head")
        except (OSError, CannotConnectNowError) as error:
            if time.monotonic() >= give_up:
                raise
            _log.warning("waiting for the database: %s", error)
            time.sleep(1)
        else:
            return


def downgrade_to(database_url: str, revision: str) -> None:
    """Take migrations back down to `revision`; `base` empties the database."""
    command.downgrade(alembic_config(database_url), revision)
