"""The reference for webhooks: the same sender and signatures in a loop, with nothing written anywhere."""

import asyncio
import json
import sys
from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Any

import uvloop

from webhooks.sender import WebhookSender


async def _send_all(order: Mapping[str, Any]) -> None:
    """Send `count` webhooks to `urls` in turn, `concurrency` at once."""
    waiting = iter(range(order["count"]))
    async with WebhookSender([ip_network("127.0.0.0/8")], connections=order["concurrency"]) as sender:
        await asyncio.gather(*(_send(sender, order, waiting) for _ in range(order["concurrency"])))


async def _send(sender: WebhookSender, order: Mapping[str, Any], waiting: Iterator[int]) -> None:
    body, urls = order["body"].encode(), order["urls"]
    for number in waiting:
        attempted = await sender.attempt(
            url=urls[number % len(urls)], body=body, delivery_id=f"wh_{number}", secrets=[order["secret"]]
        )
        assert attempted.delivered, attempted


if __name__ == "__main__":
    uvloop.run(_send_all(json.load(sys.stdin)))
