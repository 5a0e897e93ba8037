"""A conversation with litellm, which wraps the `openai` package in types of its own: JSON in, JSON out."""

import asyncio
import json
import sys
import time
import urllib.request
from typing import Any

import litellm

MODEL = "qwen3-32b"
ASKED = [{"role": "user", "content": "What is a boat?"}]
LORA = {"n_epochs": 2, "batch_size": 4, "learning_rate_multiplier": 1.0}
ENDS = ("succeeded", "failed", "cancelled")

litellm.telemetry = False


class Conversation:
    """What litellm is asked to do, and what it saw."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.order = order
        self.service = {"api_base": order["base_url"], "api_key": order["api_key"]}
        self.openai = self.service | {"custom_llm_provider": "openai"}
        self.seen: dict[str, Any] = {}

    def files(self) -> None:
        file = litellm.create_file(
            file=("train.jsonl", self.order["training"].encode()), purpose="fine-tune", **self.openai
        )
        assert litellm.file_retrieve(file.id, **self.openai).id == file.id
        assert litellm.file_content(file.id, **self.openai).content == self.order["training"].encode()
        assert [listed.id for listed in litellm.file_list(**self.openai)] == [file.id]
        self.seen["file"] = file.status
        self.file_id = file.id

    def jobs(self) -> None:
        known = {"model": MODEL, "training_file": self.file_id, **self.openai}
        kept = litellm.create_fine_tuning_job(hyperparameters=LORA, suffix="boats", **known)
        other = litellm.create_fine_tuning_job(**known)
        listed = litellm.list_fine_tuning_jobs(limit=1, **self.openai)
        assert [job.id for job in listed] == [other.id, kept.id]
        self.seen["created"] = [kept.status, kept.hyperparameters.n_epochs]
        self.seen["cancelled"] = litellm.cancel_fine_tuning_job(other.id, **self.openai).status
        assert litellm.retrieve_fine_tuning_job(other.id, **self.openai).status == "cancelled"
        self.job_id = kept.id

    async def asynchronous(self) -> None:
        file = await litellm.acreate_file(file=b"text", purpose="user_data", **self.openai)
        job = await litellm.acreate_fine_tuning_job(
            model=MODEL, training_file=self.file_id, hyperparameters={"n_epochs": "auto"}, **self.openai
        )
        assert (await litellm.aretrieve_fine_tuning_job(job.id, **self.openai)).id == job.id
        listed = await litellm.alist_fine_tuning_jobs(**self.openai)
        assert listed.data[0].id == job.id
        cancelled = await litellm.acancel_fine_tuning_job(job.id, **self.openai)
        deleted = await litellm.afile_delete(file.id, **self.openai)
        self.seen["async"] = [cancelled.status, deleted.deleted]

    def tuning(self) -> None:
        # An address on this machine, made by the test.
        work = urllib.request.Request(f"{self.order['customer']}/work", method="POST")  # noqa: S310
        urllib.request.urlopen(work).close()  # noqa: S310 - as above
        give_up = time.monotonic() + 30
        while (job := litellm.retrieve_fine_tuning_job(self.job_id, **self.openai)).status not in ENDS:
            assert time.monotonic() < give_up, job
            time.sleep(0.1)
        self.seen["ended"] = job.status
        self.model = f"openai/{job.fine_tuned_model}"

    def chat(self) -> None:
        asked = {"model": self.model, "messages": ASKED, "max_tokens": 200, "temperature": 0.7, "timeout": 60}
        text = litellm.completion(**asked, **self.service).choices[0].message.content
        streamed = litellm.completion(**asked, **self.service, stream=True)
        pieces = [chunk.choices[0].delta.content or "" for chunk in streamed]
        self.seen["chat"] = [bool(text), len(pieces) > 2, "".join(pieces) == text]

    def refusals(self) -> None:
        calls = {
            "no_model": lambda: litellm.completion(
                model="openai/gpt-no", messages=ASKED, max_retries=0, **self.service
            ),
            "no_job": lambda: litellm.retrieve_fine_tuning_job("ftjob-none", **self.openai),
        }
        self.seen["refused"] = {name: self.refusal(call) for name, call in calls.items()}

    @staticmethod
    def refusal(call: Any) -> int:
        try:
            call()
        except Exception as error:  # noqa: BLE001 - whatever litellm makes of it, it has to carry the status
            return int(getattr(error, "status_code", 0))
        return 200

    async def chat_asynchronously(self) -> None:
        answer = await litellm.acompletion(model=self.model, messages=ASKED, timeout=60, **self.service)
        self.seen["async_chat"] = bool(answer.choices[0].message.content)


def main() -> None:
    conversation = Conversation(json.load(sys.stdin))
    conversation.files()
    conversation.jobs()
    asyncio.run(conversation.asynchronous())
    conversation.tuning()
    conversation.chat()
    asyncio.run(conversation.chat_asynchronously())
    conversation.refusals()
    print(json.dumps(conversation.seen))  # noqa: T201 - how a conversation reports


main()
