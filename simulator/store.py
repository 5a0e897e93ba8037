"""The platform's memory: files and jobs, in order of their ids, journalled to the data folder."""

import shutil
import tempfile
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

from simulator import life, story
from simulator.ids import Mint
from simulator.journal import Journal
from simulator.rows import Doom, FileRow, JobRow


class Store:
    """Everything that was uploaded and created, by id; ids are in order of time."""

    def __init__(self, folder: Path | None, mint: Mint) -> None:
        self._temporary = folder is None
        self.folder = Path(tempfile.mkdtemp(prefix="simulator-")) if folder is None else folder
        self.blobs = self.folder / "files"
        self.blobs.mkdir(parents=True, exist_ok=True)
        self.mint = mint
        self.files: dict[str, FileRow] = {}
        self.jobs: dict[str, JobRow] = {}
        self.creates: Counter[str] = Counter()
        self.deleted_models: set[str] = set()
        self._jobs_of_models: dict[str, JobRow] = {}
        self._file_ids: list[str] = []
        self._job_ids: list[str] = []
        self._journal = Journal(self.folder / "journal.jsonl")
        for change in self._journal.play():
            self._play(change)

    def close(self) -> None:
        """Let go of the journal; a temporary folder is removed."""
        self._journal.close()
        if self._temporary:
            shutil.rmtree(self.folder, ignore_errors=True)

    def add_file(self, row: FileRow) -> None:
        """Keep a file whose bytes are in place already."""
        self._journal.write("file", row=row)
        self._remember_file(row)

    def delete_file(self, row: FileRow) -> None:
        """Forget a file; its bytes stay, because models trained on it answer from them."""
        self._journal.write("file_deleted", id=row.id)
        row.deleted = True

    def add_job(self, row: JobRow) -> None:
        """Keep a job, and the results file that it will have."""
        self._journal.write("job", row=row)
        self._remember_job(row)

    def cancel_job(self, row: JobRow, at: float) -> None:
        """End a job now."""
        self._journal.write("cancel", id=row.id, at=at)
        row.cancelled = at

    def delete_model(self, name: str) -> None:
        """Take a tuned model away."""
        self._journal.write("model_deleted", name=name)
        self.deleted_models.add(name)

    def file(self, id_: str, now: float) -> FileRow | None:
        """Find a file that exists now: results exist once their job has succeeded."""
        row = self.files.get(id_)
        return row if row is not None and self._exists(row, now) else None

    def blob(self, id_: str) -> Path:
        """Where the bytes of an upload are."""
        return self.blobs / id_

    def results(self, row: FileRow) -> bytes:
        """Compute the bytes of a results file."""
        content = story.results(self.jobs[str(row.job)])
        row.bytes = len(content)
        return content

    def files_from(self, after: str, now: float, *, newest_first: bool = True) -> Iterator[FileRow]:
        """Walk the files that exist now, from behind the position `after` (empty: from the start)."""
        ids = self._file_ids
        if newest_first:
            places = range((bisect_left(ids, after) if after else len(ids)) - 1, -1, -1)
        else:
            places = range(bisect_right(ids, after), len(ids))
        return (row for row in (self.files[ids[place]] for place in places) if self._exists(row, now))

    def jobs_from(self, after: str = "") -> Iterator[JobRow]:
        """Walk the jobs, newest first, from behind the position `after` (empty: from the start)."""
        ids = self._job_ids
        places = range((bisect_left(ids, after) if after else len(ids)) - 1, -1, -1)
        return (self.jobs[ids[place]] for place in places)

    def tuned(self, model: str, now: float) -> JobRow | None:
        """Find the job behind a tuned model, or one of its checkpoints, that can be used now."""
        name, _, _step = model.partition(":ckpt-step-")
        job = self._jobs_of_models.get(name)
        if job is None or name in self.deleted_models or life.status(job, now) != "succeeded":
            return None
        known = name == model or any(
            c["fine_tuned_model_checkpoint"] == model for c in story.checkpoints(job, now)
        )
        return job if known else None

    def tuned_models(self, now: float) -> Iterator[JobRow]:
        """Walk the jobs whose models can be used now, newest first."""
        return (job for job in self.jobs_from() if self.tuned(job.fine_tuned_model, now) is not None)

    def creates_like(self, row: JobRow) -> int:
        """How many creates carried this job's metadata, or this training file where there was none."""
        return self.creates[_marker(row)]

    def _exists(self, row: FileRow, now: float) -> bool:
        return not row.deleted and (row.job is None or life.status(self.jobs[row.job], now) == "succeeded")

    def _remember_file(self, row: FileRow) -> None:
        self.files[row.id] = row
        self._file_ids.append(row.id)
        self.mint.skip(row.id)

    def _remember_job(self, row: JobRow) -> None:
        self.jobs[row.id] = row
        self._job_ids.append(row.id)
        self._jobs_of_models[row.fine_tuned_model] = row
        self.creates[_marker(row)] += 1
        self.mint.skip(row.id)
        end = life.planned_end(row)
        self._remember_file(
            FileRow(row.result_file, end, "step_metrics.csv", "fine-tune-results", job=row.id)
        )

    def _play(self, change: dict[str, Any]) -> None:
        replay: dict[str, Callable[[dict[str, Any]], None]] = {
            "file": lambda past: self._remember_file(FileRow(**past["row"])),
            "file_deleted": lambda past: setattr(self.files[past["id"]], "deleted", True),
            "job": lambda past: self._remember_job(_job(past["row"])),
            "cancel": lambda past: setattr(self.jobs[past["id"]], "cancelled", past["at"]),
            "model_deleted": lambda past: self.deleted_models.add(past["name"]),
        }
        replay[change["change"]](change)


def _job(values: dict[str, Any]) -> JobRow:
    doom = values.pop("doom")
    return JobRow(**values, doom=None if doom is None else Doom(**doom))


def _marker(row: JobRow) -> str:
    if row.metadata:
        return orjson.dumps(row.metadata, option=orjson.OPT_SORT_KEYS).decode()
    return row.training_file
