"""The sweep over uploads: the late expire, and no byte stays but the files."""

from types import ModuleType
from typing import Any

from domain import ids
from domain.uploads import Upload
from services import uploads
from services.files import StoredFile
from storage.blobs import open_store
from worker import sweeps
from worker.sweeps import blobs


async def swept(rig: Any, sweep: ModuleType = sweeps.uploads) -> dict[str, int]:
    async with rig.context() as context:
        counts: dict[str, int] = await sweep.run_once(context)
    return counts


async def announced(rig: Any, size: int = 6) -> Upload:
    async with rig.database.transaction() as session:
        return await uploads.create(
            session, project_id=rig.project_id, filename="a", purpose="user_data", size=size, file_life=None,
            max_file_bytes=1000,
        )  # fmt: skip


async def sent(rig: Any, upload: Upload, *, whole: bool = True) -> str:
    """Send a part of three bytes; one that is not `whole` is in the blob store and not yet recorded."""
    async with rig.database.transaction() as session:
        arrival = await uploads.begin_part(session, project_id=rig.project_id, upload_id=upload.id)
    await stored(rig, arrival.blob_key, b"abc")
    if whole:
        async with rig.database.transaction() as session:
            await uploads.finish_part(session, arrival, size=3, md5=b"m" * 16)
    return str(arrival.part_id)


async def stored(rig: Any, key: str, content: bytes) -> None:
    async with open_store(rig.settings().storage_url).writer(key) as writer:
        await writer.write(content)


async def begun(rig: Any, upload: Upload, parts: list[str]) -> uploads.Assembly:
    """Begin to complete an upload, up to where the file lies in the blob store."""
    async with rig.database.transaction() as session:
        assembly = await uploads.begin_complete(
            session, project_id=rig.project_id, upload_id=upload.id, part_ids=parts
        )
    assert isinstance(assembly, uploads.Assembly)
    await stored(rig, assembly.blob_key, b"abcabc")
    return assembly


async def lapse(rig: Any, upload: Upload) -> None:
    late = "UPDATE uploads SET claimed_until = now() - interval '1 s' WHERE id = :id"
    await rig.sql(late, id=upload.id)


async def grow_old(rig: Any, *older: Upload) -> None:
    await rig.sql(
        "UPDATE uploads SET created_at = created_at - interval '61 min', expires_at = expires_at - interval"
        " '61 min' WHERE id = ANY(:ids)",
        ids=[upload.id for upload in older],
    )


def kept(rig: Any) -> set[str]:
    folder = rig.folder / "blobs"
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    return found - {f"files/{rig.file_id}"}


async def states(rig: Any) -> dict[str, str]:
    return dict(await rig.sql("SELECT id, status FROM uploads"))


NOTHING = {"expired": 0, "parts": 0, "swept": 0, "forgotten": 0}


async def test_an_upload_that_is_late_expires_and_its_parts_go(rig: Any) -> None:
    late, fresh = await announced(rig), await announced(rig)
    for _ in range(2):
        await sent(rig, late)
    needed = await sent(rig, fresh)
    await grow_old(rig, late)
    assert await swept(rig) == {"expired": 1, "parts": 2, "swept": 1, "forgotten": 0}
    assert await states(rig) == {late.id: "expired", fresh.id: "pending"}
    assert kept(rig) == {f"parts/{needed}"}
    assert await swept(rig) == NOTHING


async def test_of_a_cancelled_upload_nothing_stays_not_even_of_an_attempt_that_died(rig: Any) -> None:
    upload = await announced(rig)
    parts = [await sent(rig, upload), await sent(rig, upload)]
    for _ in range(2):
        await begun(rig, upload, parts)
        await lapse(rig, upload)
    assert len(kept(rig)) == 4
    async with rig.database.transaction() as session:
        await uploads.cancel(session, project_id=rig.project_id, upload_id=upload.id)
    assert await swept(rig) == {"expired": 0, "parts": 2, "swept": 1, "forgotten": 0}
    assert kept(rig) == set()


async def test_of_a_completed_upload_the_file_stays_and_nothing_else(rig: Any) -> None:
    upload = await announced(rig)
    parts = [await sent(rig, upload), await sent(rig, upload)]
    await sent(rig, upload)  # and is not named
    await begun(rig, upload, parts)
    await lapse(rig, upload)
    second = await begun(rig, upload, parts)
    file = StoredFile(
        id=ids.new_id(ids.FILE), filename="a", purpose="user_data", size=6, sha256=b"", life=None,
        blob_key=second.blob_key, structure=None, max_invalid_ratio=0.0,
    )  # fmt: skip
    async with rig.database.transaction() as session:
        await uploads.finish_complete(session, second, file)
    assert await swept(rig) == {"expired": 0, "parts": 3, "swept": 1, "forgotten": 0}
    assert kept(rig) == {second.blob_key}
    await rig.sql("UPDATE files SET deleted_at = now() - interval '1 s' WHERE id = :id", id=file.id)
    assert (await swept(rig, blobs))["deleted"] == 1
    assert kept(rig) == set()


async def test_what_is_being_completed_does_not_expire_until_its_lease_is_over(rig: Any) -> None:
    upload = await announced(rig)
    await begun(rig, upload, [await sent(rig, upload), await sent(rig, upload)])
    await grow_old(rig, upload)
    assert await swept(rig) == NOTHING
    await lapse(rig, upload)
    assert (await swept(rig))["expired"] == 1
    assert kept(rig) == set()


async def test_a_part_that_still_arrives_is_left_alone_for_an_hour(rig: Any) -> None:
    upload = await announced(rig)
    arriving = await sent(rig, upload, whole=False)
    await grow_old(rig, upload)
    assert await swept(rig) == {"expired": 1, "parts": 0, "swept": 0, "forgotten": 0}
    assert kept(rig) == {f"parts/{arriving}"}
    await rig.sql("UPDATE upload_parts SET created_at = created_at - interval '61 min'")
    assert await swept(rig) == {"expired": 0, "parts": 1, "swept": 1, "forgotten": 0}
    assert kept(rig) == set()


async def test_more_parts_than_a_batch_go_in_one_run_and_old_uploads_are_forgotten(rig: Any) -> None:
    upload = await announced(rig)
    await rig.sql(
        "INSERT INTO upload_parts (id, upload_id, bytes, md5) SELECT 'part_' || n, :id, 1,"
        " decode(repeat('00', 16), 'hex') FROM generate_series(1, 250) AS n",
        id=upload.id,
    )
    await grow_old(rig, upload)
    assert await swept(rig) == {"expired": 1, "parts": 250, "swept": 1, "forgotten": 0}
    await rig.sql("UPDATE uploads SET swept_at = now() - interval '89 days'")
    assert await swept(rig) == NOTHING
    await rig.sql("UPDATE uploads SET swept_at = now() - interval '91 days'")
    assert await swept(rig) == NOTHING | {"forgotten": 1}
