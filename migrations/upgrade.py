"""Bring a database to the newest schema, or back; what `tuneward migrate` and the tests call."""

from pathlib import Path

from alembic import command
from alembic.config import Config


def alembic_config(database_url: str) -> Config:
    """Return Alembic's configuration for this database; nothing is read from the environment."""
    config = Config(str(Path(__file__).with_name("alembic.ini")))
    config.attributes["database_url"] = database_url
    return config


def upgrade_to_head(database_url: str) -> None:
    """Apply every migration that is missing. Runs its own event loop: call it from plain code."""
    command.upgrade(alembic_config(database_url), "head")


def downgrade_to(database_url: str, revision: str) -> None:
    """Take migrations back down to `revision`; `base` empties the database."""
    command.downgrade(alembic_config(database_url), revision)
