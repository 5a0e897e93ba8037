"""Endpoints that customers made, told by a real worker over real sockets."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import cache
from typing import Any

from openai import InvalidWebhookSignatureError, OpenAI
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from domain.webhook_endpoints import NewEndpoint
from services import webhook_deliveries, webhook_endpoints
from services.secret_box import SecretBox
from services.webhook_endpoints import IssuedSecret

from .conftest import Rig

SUCCEEDED, CANCELLED = "fine_tuning.job.succeeded", "fine_tuning.job.cancelled"


async def make(rig: Rig, *event_types: str) -> IssuedSecret:
    new = NewEndpoint(name="n", url=rig.receiver.url, event_types=event_types)
    async with rig.database.transaction() as session:
        return await webhook_endpoints.create(
            session, SecretBox([rig.secret_key]), project_id=rig.project_id, new=new
        )


async def rotate(rig: Rig, endpoint: IssuedSecret, *, keep_old: bool) -> str:
    async with rig.database.transaction() as session:
        issued = await webhook_endpoints.rotate_secret(
            session,
            SecretBox([rig.secret_key]),
            project_id=rig.project_id,
            endpoint_id=endpoint.endpoint.id,
            keep_old=keep_old,
        )
    return issued.secret


@cache
def verifier() -> OpenAI:
    return OpenAI(api_key="none", base_url="http://127.0.0.1:1")


def accepts(secret: str, got: tuple[dict[str, str], bytes]) -> bool:
    """Whether both libraries verify a webhook with this secret; they must agree."""
    headers, body = got
    client = verifier().webhooks
    with suppress(WebhookVerificationError):
        Webhook(secret).verify(body, headers)
        assert client.unwrap(body, headers, secret=secret).type == CANCELLED
        return True
    with suppress(InvalidWebhookSignatureError):
        client.unwrap(body, headers, secret=secret)
        raise AssertionError("openai accepts what standardwebhooks does not")
    return False


def table(secrets: Iterable[str], got: Sequence[tuple[dict[str, str], bytes]]) -> list[list[bool]]:
    return [[accepts(secret, one) for secret in secrets] for one in got]


async def test_each_endpoint_that_asked_gets_one_delivery_signed_with_its_own_secret(rig: Rig) -> None:
    one, two = await make(rig, CANCELLED, SUCCEEDED), await make(rig, CANCELLED)
    deaf = await make(rig, SUCCEEDED)
    await rig.cancel(await rig.create())
    late = await make(rig, CANCELLED)
    async with rig.worker():
        await rig.told(3)
        await rig.is_told()
    secrets = [one.secret, two.secret, rig.webhook_secret, deaf.secret, late.secret]
    found = table(secrets, rig.receiver.got)
    assert sorted(found) == sorted(
        [
            [True, False, False, False, False],
            [False, True, False, False, False],
            [False, False, True, False, False],
        ]
    )
    assert len({body for _, body in rig.receiver.got}) == 1
    assert len({headers["webhook-id"] for headers, _ in rig.receiver.got}) == 3


async def test_both_secrets_sign_for_a_day_after_a_rotation_and_then_the_new_one_alone(rig: Rig) -> None:
    endpoint = await make(rig, CANCELLED)
    new = await rotate(rig, endpoint, keep_old=True)
    left = (
        "SELECT CAST(extract(epoch FROM previous_secret_expires_at - now()) AS float) FROM webhook_endpoints"
    )
    assert 86_390 < await rig.value(left) <= 86_400
    secrets = [endpoint.secret, new]
    async with rig.worker():
        await rig.cancel(await rig.create(webhook_url=None))
        await rig.told(1)
        await rig.sql("UPDATE webhook_endpoints SET previous_secret_expires_at = now() - interval '1 s'")
        await rig.cancel(await rig.create(webhook_url=None))
        await rig.told(2)
        await rotate(rig, endpoint, keep_old=False)
        await rig.cancel(await rig.create(webhook_url=None))
        await rig.told(3)
    assert table(secrets, rig.receiver.got) == [[True, True], [False, True], [False, False]]


async def test_a_replay_repeats_id_and_bytes_and_both_libraries_verify_it(rig: Rig) -> None:
    endpoint = await make(rig, CANCELLED)
    await rig.cancel(await rig.create(webhook_url=None))
    async with rig.worker():
        await rig.told(1)
        await rig.is_told()
        id_: Any = await rig.value("SELECT id FROM webhook_deliveries")
        async with rig.database.transaction() as session:
            await webhook_deliveries.replay(session, project_id=rig.project_id, delivery_id=id_)
        await rig.told(2)
        await rig.is_told()
    first, again = rig.receiver.got
    assert (first[0]["webhook-id"], first[1]) == (again[0]["webhook-id"], again[1])
    assert table([endpoint.secret], [first, again]) == [[True], [True]]
    assert await rig.value("SELECT state FROM webhook_deliveries") == "delivered"


async def test_a_deleted_endpoint_is_sent_nothing_more(rig: Rig) -> None:
    endpoint = await make(rig, CANCELLED)
    await rig.cancel(await rig.create(webhook_url=None))
    async with rig.database.transaction() as session:
        await webhook_endpoints.delete(session, project_id=rig.project_id, endpoint_id=endpoint.endpoint.id)
    async with rig.worker(sweep_interval="50ms"):
        await rig.is_told()
    assert rig.receiver.got == []
    assert await rig.value("SELECT state FROM webhook_deliveries") == "exhausted"
