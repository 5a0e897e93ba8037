"""What the api holds open while it runs; routes get the parts as dependencies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network

from api.auth import KnownKeys
from api.slots import Slots
from db.session import Database
from doorbell.bell import Doorbell
from services.secret_box import SecretBox
from storage.blobs import BlobStore
from xpulink.port import ChatPlatform


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much a request may bring; bytes."""

    max_file_bytes: int
    max_line_bytes: int
    max_body_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """The ways out, and the values of the settings that routes need."""

    database: Database
    doorbell: Doorbell
    blobs: BlobStore
    chat: ChatPlatform
    box: SecretBox
    credential_id: str
    models: Mapping[str, str]
    allowed_networks: Sequence[IPv4Network | IPv6Network]
    limits: Limits
    upload_slots: Slots
    shutdown_grace: timedelta
    known_keys: KnownKeys = field(default_factory=KnownKeys)
