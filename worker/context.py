"""What every drain, step and sweep is given."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

from db.session import Database
from domain.stages import Stage
from examining.pool import Pool
from services.secret_box import SecretBox
from storage.blobs import BlobStore
from webhooks.sender import WebhookSender
from worker.account import Account
from worker.closer_look import CloserLook
from worker.comeback import Comeback
from worker.wake import Wakes
from xpulink.port import Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often and how long; each is a setting."""

    drain_interval: timedelta
    poll_interval: timedelta
    lease: timedelta
    settle_time: timedelta
    duplicate_checks: tuple[timedelta, ...]
    sweep_interval: timedelta
    shutdown_grace: timedelta
    retention: timedelta
    stray_blob_age: timedelta
    webhook_schedule: tuple[timedelta, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The ways out, and the pace; `stopping` is set when no further call may begin."""

    database: Database
    platform: Platform
    account: Account
    """The platform within the bounds of its account; `platform` is it, unless a test puts another there."""
    account_key: bytes = b""
    """The fingerprint of the key in use."""
    sender: WebhookSender
    blobs: BlobStore
    box: SecretBox
    pace: Pace
    examiners: Pool = field(default_factory=Pool)
    """The processes that look at training files; none runs before there is one."""
    wakes: Wakes = field(default_factory=Wakes)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    comeback: Comeback = field(init=False)
    closer_look: CloserLook = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "comeback", Comeback(self.database, self.pace.lease))  # it is frozen
        object.__setattr__(self, "closer_look", CloserLook(self.platform))

    def wake(self, stage: Stage) -> None:
        """Let this process's own drain look for due work now."""
        self.wakes.wake(stage)
