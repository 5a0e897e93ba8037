"""Blobs that no row knows are deleted; what a listing of the store shows afterwards is the judge."""

import os
import time
from typing import Any

import pytest

from domain import ids
from domain.uploads import Upload
from services import files, uploads
from services import stray_blobs as marks
from services.files import StoredFile
from storage.blobs import open_store
from worker.sweeps import stray_blobs

OLD = 25 * 3600


async def swept(rig: Any, *, again: bool = True) -> dict[str, int]:
    """Sweep a store that has been ours for long."""
    if again:
        await rig.sql("DELETE FROM leases")
    async with rig.database.transaction() as session:
        await store(rig, await marks.mark(session))
    return await stray_blobs.run_once(rig.sweeping())


async def store(rig: Any, *keys: str, seconds_old: int = OLD) -> None:
    for key in keys:
        async with open_store(rig.settings().storage_url).writer(key) as writer:
            await writer.write(b"abc")
        then = time.time() - seconds_old
        os.utime(rig.folder / "blobs" / key, (then, then))


async def listed(rig: Any) -> set[str]:
    blobs = open_store(rig.settings().storage_url)
    return {blob.key for folder in ("files", "parts", "other") async for blob in blobs.keys(folder)}


def fresh(prefix: str) -> str:
    return ids.new_id(prefix)


async def upload(rig: Any) -> Upload:
    async with rig.database.transaction() as session:
        return await uploads.create(
            session, project_id=rig.project_id, filename="a", purpose="user_data", size=3, file_life=None,
            max_file_bytes=1000,
        )  # fmt: skip


async def keep(rig: Any, key: str) -> None:
    """Write a file's row, as whoever published the blob would have."""
    stored = StoredFile(
        id=fresh(ids.FILE), filename="a", purpose="user_data", size=3, sha256=b"", blob_key=key,
        structure=None, max_invalid_ratio=0.0, life=None,
    )  # fmt: skip
    async with rig.database.transaction() as session:
        await files.keep(session, project_id=rig.project_id, stored=stored)


async def test_an_old_blob_without_a_row_goes_and_nothing_else(rig: Any) -> None:
    stray, young, kept = (files.blob_key(fresh(ids.FILE)) for _ in range(3))
    not_ours = {"files/README", f"files/{fresh(ids.FILE)}.bak", f"other/{fresh(ids.FILE)}"}
    await store(rig, stray, kept, *not_ours)
    await store(rig, young, seconds_old=23 * 3600)
    await keep(rig, kept)
    assert await swept(rig) == {"deleted": 1, "kept": 0}
    assert await listed(rig) == {young, kept, f"files/{rig.file_id}"} | not_ours
    assert await swept(rig) == {"deleted": 0, "kept": 0}


async def test_of_an_upload_what_may_still_become_a_file_stays(rig: Any) -> None:
    pending = await upload(rig)
    async with rig.database.transaction() as session:
        arrival = await uploads.begin_part(session, project_id=rig.project_id, upload_id=pending.id)
    keys = {arrival.blob_key, uploads.attempt_key(pending.id, 1)}
    await store(rig, *keys)
    assert await swept(rig) == {"deleted": 0, "kept": 0}
    assert keys < await listed(rig)


@pytest.mark.parametrize("known", [True, False])
async def test_of_an_upload_that_was_swept_what_came_too_late_goes_and_its_file_stays(
    rig: Any, *, known: bool
) -> None:
    """An attempt that lost its lease, or a part, was published, and its process died before it noticed."""
    done = await upload(rig)
    await rig.sql("UPDATE uploads SET status = 'cancelled', swept_at = now()")
    late, won, part = uploads.attempt_key(done.id, 1), uploads.attempt_key(done.id, 2), fresh(ids.PART)
    await store(rig, late, won, uploads.part_key(part))
    await keep(rig, won)
    if not known:
        await rig.sql("DELETE FROM uploads")  # after the retention
    assert await swept(rig) == {"deleted": 2, "kept": 0}
    assert await listed(rig) == {won, f"files/{rig.file_id}"}


async def test_the_store_is_looked_through_once_an_hour_by_all_workers_together(rig: Any) -> None:
    assert await swept(rig) == {"deleted": 0, "kept": 0}
    await store(rig, files.blob_key(fresh(ids.FILE)))
    assert await swept(rig, again=False) == {"deleted": 0, "kept": 0}
    await rig.sql("UPDATE leases SET held_until = held_until - interval '59 minutes'")
    assert await swept(rig, again=False) == {"deleted": 0, "kept": 0}
    await rig.sql("UPDATE leases SET held_until = held_until - interval '1 minute'")
    assert await swept(rig, again=False) == {"deleted": 1, "kept": 0}


async def test_a_store_that_seems_to_belong_to_another_database_is_left_alone(rig: Any) -> None:
    folder = rig.folder / "blobs" / "files"
    for _ in range(21):
        path = folder / fresh(ids.FILE)
        path.write_bytes(b"")
        os.utime(path, (0, 0))
    assert await swept(rig) == {"deleted": 0, "kept": 21}
    assert len(await listed(rig)) == 22


async def test_a_store_that_was_never_swept_is_marked_first_and_swept_at_the_next_turn(rig: Any) -> None:
    stray = files.blob_key(fresh(ids.FILE))
    await store(rig, stray)
    assert await stray_blobs.run_once(rig.sweeping()) == {"deleted": 0, "kept": 0, "refused": 1}
    await rig.sql("DELETE FROM leases")
    assert await stray_blobs.run_once(rig.sweeping()) == {"deleted": 1, "kept": 0}


async def test_a_store_with_the_mark_of_another_database_is_left_alone_and_learns_of_us(rig: Any) -> None:
    stray, theirs = files.blob_key(fresh(ids.FILE)), "owner/0b7c4f0e-2f5e-4b52-8d3a-6f0a5f0d9c11"
    await store(rig, stray, theirs)
    for _ in range(2):
        assert await swept(rig) == {"deleted": 0, "kept": 0, "refused": 1}
    assert stray in await listed(rig)
    assert len(list((rig.folder / "blobs" / "owner").iterdir())) == 2
