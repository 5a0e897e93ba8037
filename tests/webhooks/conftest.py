"""Receivers on real sockets, and senders that may reach them."""

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from domain.outcomes import Attempted
from domain.webhook_secrets import new_webhook_secret
from webhooks.sender import WebhookSender

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
Write = Callable[[asyncio.StreamWriter], Awaitable[None]]
Certificates = tuple[ssl.SSLContext, ssl.SSLContext]


SECRET = new_webhook_secret()
BODY = (
    b'{"id":"evt_1","object":"event","created_at":1,"type":"fine_tuning.job.failed","data":{"id":"ftjob-1"}}'
)
SHORT = {"timeout": timedelta(seconds=0.4), "connect": timedelta(seconds=0.2)}


async def attempt(sender: WebhookSender, url: str, secrets: Sequence[str] = (SECRET,)) -> Attempted:
    return await sender.attempt(url=url, body=BODY, delivery_id="wh_1", secrets=secrets)


def answering(**response: Any) -> Answer:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(**response)

    return answer


async def ok(_: web.Request) -> web.StreamResponse:
    return web.Response(text="thanks")


@dataclass
class Received:
    path: str
    headers: dict[str, str]
    body: bytes
    connection: int


@dataclass
class Receiver:
    """What a customer runs: keeps what it gets and answers as told."""

    answer: Answer = ok
    got: list[Received] = field(default_factory=list)
    port: int = 0

    def url(self, path: str = "/hooks", *, scheme: str = "http", host: str = "127.0.0.1") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    async def take(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.got.append(Received(request.raw_path, headers, await request.read(), id(request.transport)))
        return await self.answer(request)


StartReceiver = Callable[..., Awaitable[Receiver]]
StartServer = Callable[[Write], Awaitable[int]]
MakeSender = Callable[..., WebhookSender]


@pytest.fixture
async def receiver() -> AsyncIterator[StartReceiver]:
    """Start receivers: `await receiver(answer, tls=…, host=…)`."""
    async with AsyncExitStack() as running:

        async def start(
            answer: Answer = ok, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
        ) -> Receiver:
            one = Receiver(answer)
            app = web.Application()
            app.router.add_route("*", "/{path:.*}", one.take)
            runner = web.AppRunner(app, shutdown_timeout=0, access_log=None, handler_cancellation=True)
            await runner.setup()
            running.push_async_callback(runner.cleanup)
            site = web.TCPSite(runner, host, 0, ssl_context=tls)
            await site.start()
            one.port = runner.addresses[0][1]
            return one

        yield start


@pytest.fixture
async def raw_receiver() -> AsyncIterator[StartServer]:
    """Start servers that write what they like after a request's head: `port = await raw_receiver(write)`."""
    async with AsyncExitStack() as running:

        async def start(write: Write) -> int:
            async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                try:
                    await reader.readuntil(b"\r\n\r\n")
                    await write(writer)
                except (ConnectionError, asyncio.IncompleteReadError):
                    pass  # the sender has had enough
                finally:
                    writer.close()

            server = await asyncio.start_server(serve, "127.0.0.1", 0)
            running.callback(server.close)
            return int(server.sockets[0].getsockname()[1])

        yield start


@pytest.fixture
async def sender() -> AsyncIterator[MakeSender]:
    """Make senders that may reach 127.0.0.0/8, unless told otherwise."""
    async with AsyncExitStack() as open_senders:

        def make(networks: str = "127.0.0.0/8", **policy: Any) -> WebhookSender:
            allowed = [ipaddress.ip_network(network) for network in networks.split(",") if network]
            one = WebhookSender(allowed, **policy)
            open_senders.push_async_callback(one.aclose)
            return one

        yield make


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """A server's context for `hooks.example`, and a client's that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hooks.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hooks.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    pem = serialization.Encoding.PEM
    path.write_bytes(
        certificate.public_bytes(pem)
        + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return server, ssl.create_default_context(cafile=path)
