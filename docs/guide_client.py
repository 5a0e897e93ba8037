"""A client in the shape of XPULink's guide: upload, fine-tune, wait, ask. Copy it and change what you like.

按 XPULink 指南的写法实现的客户端：上传、微调、等待、提问。可随意复制和修改。

    export OPENAI_BASE_URL=http://127.0.0.1:8000/v1 XPULINK_API_KEY=tw_…
    python guide_client.py train.jsonl --question "What is a boat?"

It needs nothing but `requests`. The base URL may end in `/v1` or not.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any, ClassVar

import requests

ENDS = ("succeeded", "failed", "cancelled", "canceled")
# The guide's defaults; whatever you leave out is chosen by the size of your file.
HYPERPARAMETERS = {
    "n_epochs": 3,
    "batch_size": 4,
    "learning_rate": 5e-5,
    "lora_r": 8,
    "lora_alpha": 16,
    "lora_dropout": 0.05,
}


class Refused(Exception):  # noqa: N818 - reads as what happened
    """The service answered, but not with what was asked for."""


class GuideClient:
    """Speaks to a fine-tuning service; every answer is the JSON as it came.

    Args:
        base_url: Where the service is, such as `http://127.0.0.1:8000/v1`.
        api_key: The key of your project.
    """

    paths: ClassVar[dict[str, str]] = {
        "upload": "/files",
        "create": "/fine_tuning/jobs",
        "retrieve": "/fine_tuning/jobs/{job_id}",
        "list": "/fine_tuning/jobs",
        "chat": "/chat/completions",
    }

    def __init__(self, base_url: str, api_key: str) -> None:
        self.base_url = base_url.rstrip("/")
        self.headers = {"Authorization": f"Bearer {api_key}"}

    def upload(self, path: Path) -> dict[str, Any]:
        """Upload a training file: one JSON object with `messages` a line."""
        with path.open("rb") as content:
            # `files` alone keeps the order: the file first, its purpose after it.
            response = requests.post(
                self._url("upload"),
                headers=self.headers,
                files={"file": (path.name, content, "application/json"), "purpose": (None, "fine-tune")},
                timeout=60,
            )
        if response.status_code != requests.codes.ok:
            raise _refused(response)
        return dict(response.json())

    def create(self, file_id: str, *, model: str, suffix: str | None = None) -> dict[str, Any]:
        """Ask for a fine-tuning job."""
        body = {"model": model, "training_file": file_id, "hyperparameters": HYPERPARAMETERS}
        if suffix:
            body["suffix"] = suffix
        response = requests.post(self._url("create"), headers=self.headers, json=body, timeout=30)
        if response.status_code not in [200, 201]:
            raise _refused(response)
        return dict(response.json())

    def retrieve(self, job_id: str) -> dict[str, Any]:
        """Look at a job."""
        response = requests.get(self._url("retrieve", job_id=job_id), headers=self.headers, timeout=30)
        if response.status_code != requests.codes.ok:
            raise _refused(response)
        return dict(response.json())

    def wait(self, job_id: str, *, interval: float = 10) -> dict[str, Any]:
        """Look at a job every so many seconds until it has ended, and say when its status changes."""
        before = None
        while True:
            status = self.retrieve(job_id)
            if status["status"] != before:
                before = status["status"]
                _say(f"Status 状态: {before}")
            if before in ENDS:
                return status
            time.sleep(interval)

    def jobs(self, limit: int = 10) -> list[dict[str, Any]]:
        """Return the newest jobs."""
        response = requests.get(self._url("list"), headers=self.headers, params={"limit": limit}, timeout=30)
        if response.status_code != requests.codes.ok:
            raise _refused(response)
        return list(response.json()["data"])

    def chat(self, model: str, question: str) -> str:
        """Ask a model one question."""
        body = {
            "model": model,
            "messages": [{"role": "user", "content": question}],
            "max_tokens": 200,
            "temperature": 0.7,
        }
        response = requests.post(self._url("chat"), headers=self.headers, json=body, timeout=60)
        if response.status_code != requests.codes.ok:
            raise _refused(response)
        return str(response.json()["choices"][0]["message"]["content"])

    def _url(self, name: str, **parts: str) -> str:
        return self.base_url + self.paths[name].format(**parts)


def _refused(response: requests.Response) -> Refused:
    """Put the service's own words first: they name the value that is wrong, and what to do."""
    try:
        message = response.json()["error"]["message"]
    except (ValueError, KeyError, TypeError):
        message = response.text
    return Refused(f"{response.status_code}: {message}")


def _say(text: str) -> None:
    print(text, flush=True)


def fine_tune(client: GuideClient, training: Path, *, model: str, question: str, interval: float) -> int:
    """Go the whole way once; return what the program exits with."""
    file = client.upload(training)
    _say(f"Uploaded 已上传: {file['id']} ({file['bytes']} bytes)")
    job = client.create(file["id"], model=model)
    _say(f"Created 任务已创建: {job['id']}")
    status = client.wait(job["id"], interval=interval)
    _say(f"Newest jobs 最近的任务: {', '.join(one['id'] for one in client.jobs(limit=5))}")
    if status["status"] != "succeeded":
        reason = json.dumps(status.get("error") or "unknown 未知错误", ensure_ascii=False)
        _say(f"The job {status['status']} 任务未成功: {reason}")
        return 1
    _say(f"Tuned model 微调模型: {status['fine_tuned_model']}")
    _say(f"Answer 回答: {client.chat(status['fine_tuned_model'], question)}")
    return 0


def main() -> int:
    """Read the command line and go."""
    parser = argparse.ArgumentParser(description="Fine-tune a model and ask it something. 微调模型并提问。")
    parser.add_argument("training", type=Path, help="a .jsonl file 训练文件")
    parser.add_argument("--model", default="qwen3-32b", help="the base model 基础模型")
    parser.add_argument("--question", default="你好", help="what to ask in the end 最后的问题")
    parser.add_argument("--interval", type=float, default=10, help="seconds between two looks 轮询间隔（秒）")
    chosen = parser.parse_args()
    api_key = os.environ.get("XPULINK_API_KEY") or os.environ.get("OPENAI_API_KEY")
    if not api_key:
        parser.error("set XPULINK_API_KEY 请设置 XPULINK_API_KEY")
    client = GuideClient(os.environ.get("OPENAI_BASE_URL", "http://127.0.0.1:8000/v1"), api_key)
    try:
        return fine_tune(
            client, chosen.training, model=chosen.model, question=chosen.question, interval=chosen.interval
        )
    except (Refused, requests.RequestException) as error:
        _say(f"Failed 失败: {error}")
        return 1
    except OSError as error:
        _say(f"The file cannot be read 无法读取文件: {chosen.training} ({error.strerror})")
        return 1


if __name__ == "__main__":
    sys.exit(main())
