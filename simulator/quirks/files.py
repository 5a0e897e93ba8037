"""Files, as an upload shows them, and results, as they are read."""

import base64
from typing import Any

from simulator.errors import missing
from simulator.quirks.reply import Reply
from simulator.quirks.table import Json, Kind, Look, enter, quirk

STATUSES: dict[str, tuple[str, Any]] = {
    "file_uploaded": ("is `uploaded`", "uploaded"),
    "file_pending": ("is `pending`", "pending"),
    "file_status_null": ("is null", None),
}


def _status(name: str, means: str, status: Any) -> None:
    def act(file: Json, _look: Look) -> None:
        file["status"] = status

    enter(name, Kind.FILE, f"An uploaded file {means}.", act)


for _name, (_means, _word) in STATUSES.items():
    _status(_name, _means, _word)


@quirk(Kind.FILE)
def file_bare(file: Json, _look: Look) -> None:
    """An uploaded file has an id and nothing else: no status, no bytes, no time."""
    id_ = file["id"]
    file.clear()
    file["id"] = id_


@quirk(Kind.CONTENT)
def results_plain(reply: Reply) -> None:
    """Results are plain CSV and not base64."""
    reply.body = base64.b64decode(reply.body)


@quirk(Kind.CONTENT)
def results_empty(reply: Reply) -> None:
    """Results are empty."""
    reply.body = b""


@quirk(Kind.CONTENT)
def results_missing(reply: Reply) -> None:
    """Results are named by the job and not there."""
    reply.refuse(missing("File object", "results"))


@quirk(Kind.CONTENT)
def results_html(reply: Reply) -> None:
    """Results are a web page, with 200."""
    reply.page(200)
