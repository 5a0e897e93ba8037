import base64
import json
import time

import pytest
from openai import InvalidWebhookSignatureError, OpenAI
from standardwebhooks import Webhook, WebhookVerificationError

from domain.webhook_secrets import new_webhook_secret
from webhooks.signing import headers, sign

BODY = json.dumps(
    {
        "id": "evt_1",
        "object": "event",
        "created_at": 1760000000,
        "type": "fine_tuning.job.succeeded",
        "data": {"id": "ftjob-é"},
    },
    ensure_ascii=False,
).encode()
CLIENT = OpenAI(api_key="unused")


def signed(*secrets: str, at: int | None = None) -> dict[str, str]:
    return headers(secrets=secrets, delivery_id="wh_1", at=int(time.time()) if at is None else at, body=BODY)


def test_the_specification_s_own_example_is_reproduced() -> None:
    assert (
        sign(
            secrets=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
            delivery_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
            at=1614265330,
            body=b'{"test": 2432232314}',
        )
        == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


def test_a_new_secret_is_32_random_bytes_in_padded_base64() -> None:
    first, second = new_webhook_secret(), new_webhook_secret()
    assert first != second
    assert first.startswith("whsec_")
    assert len(base64.b64decode(first.removeprefix("whsec_"), validate=True)) == 32


@pytest.mark.parametrize("reader", [0, 1])
def test_both_libraries_accept_either_secret_while_two_sign(reader: int) -> None:
    secrets = [new_webhook_secret(), new_webhook_secret()]
    head = signed(*secrets)
    assert head["webhook-signature"].count("v1,") == 2
    assert Webhook(secrets[reader]).verify(BODY, head)["data"]["id"] == "ftjob-é"
    event = CLIENT.webhooks.unwrap(BODY.decode(), head, secret=secrets[reader])
    assert (event.type, event.data.id) == ("fine_tuning.job.succeeded", "ftjob-é")


@pytest.mark.parametrize("change", ["secret", "body", "id", "old", "new"])
def test_both_libraries_refuse_what_was_tampered_with(change: str) -> None:
    secret, body = new_webhook_secret(), BODY
    head = signed(secret, at=int(time.time()) + {"old": -301, "new": 310}.get(change, 0))
    if change == "secret":
        secret = new_webhook_secret()
    elif change == "body":
        body = BODY.replace(b"succeeded", b"cancelled")
    elif change == "id":
        head["webhook-id"] = "wh_2"
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body, head)
    with pytest.raises(InvalidWebhookSignatureError):
        CLIENT.webhooks.unwrap(body.decode(), head, secret=secret)


def test_the_headers_name_the_sender_and_the_content() -> None:
    head = signed(new_webhook_secret(), at=1760000000)
    assert head["webhook-timestamp"] == "1760000000"
    assert head["content-type"] == "application/json"
    assert head["user-agent"].startswith("Tuneward-Webhooks/0.")


@pytest.mark.parametrize("secrets", [[], ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], ["whsec_not base64!"]])
def test_secrets_that_are_not_ours_are_refused_without_being_shown(secrets: list[str]) -> None:
    with pytest.raises(ValueError, match=r"^[^!9]*$"):
        signed(*secrets)
