"""A conversation with the `openai` package, major 2 or 3, strict about every type, with both of its clients.

Reads what it has to know as JSON and prints what it saw as JSON. The two clients differ in `await` alone, so
that `done` and `every` let one text serve both. Each has a project of its own.
"""

import asyncio
import base64
import binascii
import inspect
import json
import sys
import time
from typing import Any

import httpx
import openai
from openai import AsyncOpenAI, OpenAI

MODEL = "qwen3-32b"
ASKED = [{"role": "user", "content": "What is a boat?"}]
SUPERVISED = {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 2, "batch_size": "auto"}}}
ENDS = ("succeeded", "failed", "cancelled")


async def done(answer: Any) -> Any:
    """What a call gives, with either client."""
    return await answer if inspect.isawaitable(answer) else answer


async def every(pages: Any) -> list[Any]:
    """All items of all pages."""
    if hasattr(pages, "__aiter__"):
        return [item async for item in pages]
    return list(pages)


async def refusal(call: Any) -> list[Any]:
    """The class, code and param of the error that a call raises, and how often it was tried again."""
    try:
        await done(call())
    except openai.APIStatusError as error:
        refused = error
    else:
        raise AssertionError("this was not refused")
    assert refused.request_id
    tries = refused.response.request.headers["x-stainless-retry-count"]
    return [type(refused).__name__, refused.code, refused.param, int(tries)]


def begin_the_work(order: dict[str, Any]) -> None:
    httpx.post(f"{order['customer']}/work", trust_env=False)


class Conversation:
    """What one client says, and what it saw."""

    def __init__(self, client: Any, order: dict[str, Any]) -> None:
        self.client = client
        self.order = order
        self.seen: dict[str, Any] = {}

    async def before_the_work(self) -> None:
        """Everything that needs no worker, or that has to come before it."""
        await self.models()
        await self.files()
        await self.uploads()
        await self.jobs()
        await self.pausing()
        await self.endpoints()

    async def after_the_work(self) -> dict[str, Any]:
        """Everything that follows a job's submission."""
        await self.tuning()
        await self.results()
        await self.webhooks()
        await self.chat()
        await self.cleaning_up()
        await done(self.client.close())
        return self.seen

    async def models(self) -> None:
        self.seen["models"] = [model.id for model in await every(self.client.models.list())]
        self.seen["model"] = (await done(self.client.models.retrieve(MODEL))).id
        self.seen["no_model"] = await refusal(lambda: self.client.models.retrieve("ft:no/such:model"))

    async def files(self) -> None:
        content = self.order["training"].encode()
        files = self.client.files
        kept = await done(
            files.create(
                file=("train.jsonl", content),
                purpose="fine-tune",
                expires_after={"anchor": "created_at", "seconds": 3600},
            )
        )
        nameless = await done(files.create(file=b"text", purpose="user_data"))
        await done(files.wait_for_processing(kept.id, poll_interval=0.1))
        assert await done(files.retrieve(kept.id)) == kept
        assert [file.id for file in await every(files.list(limit=1))] == [nameless.id, kept.id]
        assert [file.id for file in await every(files.list(purpose="fine-tune"))] == [kept.id]
        assert (await done(files.content(kept.id))).content == content
        self.seen["file_deleted"] = (await done(files.delete(nameless.id))).deleted
        self.seen["no_file"] = await refusal(lambda: files.retrieve(nameless.id))
        self.seen["file"] = [kept.status, kept.bytes == len(content), kept.expires_at - kept.created_at]
        self.file_id = kept.id

    async def uploads(self) -> None:
        content = self.order["training"].encode()
        known = {"filename": "big.jsonl", "purpose": "fine-tune", "mime_type": "text/jsonl"}
        upload = await done(
            self.client.uploads.upload_file_chunked(
                file=content, bytes=len(content), part_size=len(content) // 3 + 1, **known
            )
        )
        assert (await done(self.client.files.content(upload.file.id))).content == content
        other = await done(self.client.uploads.create(bytes=9, **known))
        cancelled = await done(self.client.uploads.cancel(other.id))
        self.seen["uploads"] = [upload.status, upload.file.status, other.status, cancelled.status]

    async def jobs(self) -> None:
        jobs = self.client.fine_tuning.jobs
        hook = f"{self.order['customer']}/hook/job"
        self.job = await done(
            jobs.create(
                model="gpt-4o-mini",
                training_file=self.file_id,
                validation_file=self.file_id,
                method=SUPERVISED,
                suffix="boats",
                seed=7,
                metadata={"team": "a"},
                extra_body={"webhook_url": hook},
            )
        )
        old = await done(
            jobs.create(model=MODEL, training_file=self.file_id, hyperparameters={"n_epochs": "auto"})
        )
        self.seen["created"] = [self.job.status, self.job.model, self.job.seed, self.job.metadata]
        assert await done(jobs.retrieve(self.job.id)) == self.job
        assert [job.id for job in await every(jobs.list(limit=1))] == [old.id, self.job.id]
        assert [job.id for job in await every(jobs.list(metadata={"team": "a"}))] == [self.job.id]
        without = jobs.list(extra_query={"metadata": "null"})
        assert [job.id for job in await every(without)] == [old.id]
        self.seen["cancelled"] = (await done(jobs.cancel(old.id))).status
        self.seen["cancelled_twice"] = await refusal(lambda: jobs.cancel(old.id))
        self.seen["used_file"] = await refusal(lambda: self.client.files.delete(self.file_id))
        self.seen["too_many_epochs"] = await refusal(
            lambda: jobs.create(model=MODEL, training_file=self.file_id, hyperparameters={"n_epochs": 51})
        )

    async def pausing(self) -> None:
        jobs = self.client.fine_tuning.jobs
        paused = await done(jobs.pause(self.job.id))
        resumed = await done(jobs.resume(self.job.id))
        self.seen["pause"] = [
            [job.status, bool((job.model_extra or {}).get("paused"))] for job in (paused, resumed)
        ]

    async def endpoints(self) -> None:
        """The management of endpoints, which the package knows from major 3 on."""
        webhooks = self.client.webhooks
        if not hasattr(webhooks, "create"):
            return
        hook = f"{self.order['customer']}/hook/endpoint"
        events = ["fine_tuning.job.succeeded", "fine_tuning.job.failed"]
        made = await done(webhooks.create(name="jobs", url=hook, event_types=events))
        other = await done(webhooks.create(name="other", url=f"{hook}-2", event_types=events[:1]))
        assert [one.id for one in await every(webhooks.list(limit=1))] == [other.id, made.id]
        changed = await done(webhooks.update(made.id, name="all jobs"))
        assert await done(webhooks.retrieve(made.id)) == changed
        rotated = await done(webhooks.rotate_secret(made.id, keep_old_secret_active_for_24_hours=True))
        tried = await done(webhooks.test(made.id, event_type=events[0]))
        types = await done(webhooks.event_types.list())
        gone = await done(webhooks.delete(other.id))
        self.seen["endpoints"] = {
            "name": changed.name,
            "rotated": rotated.signing_secret.startswith("whsec_")
            and rotated.signing_secret != made.signing_secret,
            "tried": [tried.success, tried.status_code, tried.event_type],
            "types": [type_ for type_ in types.data if type_.startswith("fine_tuning")],
            "gone": [gone.id == other.id, gone.deleted],
        }
        self.endpoint_secrets = [made.signing_secret, rotated.signing_secret]

    async def tuning(self) -> None:
        jobs = self.client.fine_tuning.jobs
        give_up = time.monotonic() + 30
        while (job := await done(jobs.retrieve(self.job.id))).status not in ENDS:
            assert time.monotonic() < give_up, job
            await asyncio.sleep(0.1)
        self.job = job
        events = await every(jobs.list_events(job.id, limit=2))
        self.seen["ended"] = [job.status, bool(job.trained_tokens), job.error, len(job.result_files)]
        self.seen["events"] = [len(events) > 3, len({event.id for event in events}) == len(events)]
        points = await every(jobs.checkpoints.list(job.id, limit=1))
        self.seen["checkpoints"] = [
            len(points) > 0,
            all(job.id == point.fine_tuning_job_id for point in points),
        ]

    async def results(self) -> None:
        """The figures of the training, read as OpenAI's guide does and, where that fails, as they are."""
        (file_id,) = self.job.result_files
        purpose = (await done(self.client.files.retrieve(file_id))).purpose
        content = (await done(self.client.files.content(file_id))).content
        try:
            text = base64.b64decode(content, validate=True)
        except binascii.Error:
            text = content
        self.seen["results"] = [purpose, text.decode().split(",")[0]]

    async def webhooks(self) -> None:
        self.seen["webhook"] = self.told("job", [self.order["webhook_secret"]])
        if "endpoints" in self.seen:
            self.seen["endpoint_webhook"] = self.told("endpoint", self.endpoint_secrets)

    def told(self, name: str, secrets: list[str]) -> list[Any]:
        """What was delivered about the job, unwrapped with each secret that has to fit."""
        where = f"{self.order['customer']}/delivered/{name}/{self.job.id}"
        got = httpx.get(where, trust_env=False, timeout=30).json()
        body = base64.b64decode(got["body"])
        for secret in secrets:
            event = self.client.webhooks.unwrap(body, got["headers"], secret=secret)
        return [event.type, event.data.id == self.job.id, event.id.split("_")[0]]

    async def chat(self) -> None:
        create = self.client.chat.completions.create
        model = self.job.fine_tuned_model
        whole = await done(create(model=model, messages=ASKED, max_tokens=200))
        stream = await done(create(model=model, messages=ASKED, stream=True))
        pieces = [chunk.choices[0].delta.content or "" for chunk in await every(stream) if chunk.choices]
        text = whole.choices[0].message.content
        self.seen["chat"] = [bool(text), len(pieces) > 2, "".join(pieces) == text]

    async def cleaning_up(self) -> None:
        model = self.job.fine_tuned_model
        assert (await done(self.client.models.retrieve(model))).id == model
        gone = await done(self.client.models.delete(model))
        assert gone.id == model
        self.seen["model_deleted"] = gone.deleted
        self.seen["deleted_model"] = await refusal(lambda: self.client.models.retrieve(model))
        assert (await done(self.client.files.delete(self.file_id))).deleted


async def main() -> None:
    order = json.load(sys.stdin)
    strict = {"base_url": order["base_url"], "_strict_response_validation": True}
    both = {
        "sync": Conversation(OpenAI(api_key=order["api_key"], **strict), order),
        "async": Conversation(
            AsyncOpenAI(api_key=order["second"]["api_key"], **strict), order | order["second"]
        ),
    }
    for conversation in both.values():
        await conversation.before_the_work()
    begin_the_work(order)
    seen = {kind: await conversation.after_the_work() for kind, conversation in both.items()}
    json.dump(seen | {"version": openai.__version__}, sys.stdout)


asyncio.run(main())
