"""What the api holds open while it runs; routes get the parts as dependencies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network

from api.answered import Answered
from api.auth import KnownKeys
from api.turns import OneByOne, Turns
from db.session import Database
from domain.plan.prices import PriceTable
from doorbell.bell import Doorbell
from examining.pool import Pool
from services.secret_box import SecretBox
from storage.blobs import BlobStore
from webhooks.sender import WebhookSender
from xpulink.port import ChatPlatform, TunedModels

WEBHOOK_TESTS_AT_ONCE = 4
"""For each project: a receiver may take its time, and a test waits for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much a request may bring; bytes."""

    max_file_bytes: int
    max_line_bytes: int
    fewest_examples: int = 0
    """Training files with fewer are refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """The ways out, and the values of the settings that routes need."""

    database: Database
    doorbell: Doorbell
    blobs: BlobStore
    chat: ChatPlatform
    webhook_sender: WebhookSender
    tuned_models: TunedModels
    box: SecretBox
    credential_id: str
    models: Mapping[str, str]
    allowed_networks: Sequence[IPv4Network | IPv6Network]
    limits: Limits
    uploads_under_way: Turns
    examiners: Pool
    prices: PriceTable
    answered: Answered
    known_keys: KnownKeys = field(default_factory=KnownKeys)
    webhook_tests: Turns = field(default_factory=lambda: Turns("webhook tests", each=WEBHOOK_TESTS_AT_ONCE))
    retries: OneByOne = field(default_factory=OneByOne)
    """Retries of a create, by fingerprint."""
