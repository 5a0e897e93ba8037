"""Which blobs no row knows."""

from collections.abc import Sequence

from sqlalchemy import text

from db.session import Session

# What follows the folder is the id of a part, or that of an upload and the number of an attempt. What an
# upload that was not swept yet may have left is that sweep's to delete; what comes to light later is ours.
# The copy that jobs train on has the id of its file and the number of the attempt that made it.
_UNKNOWN = text("""
    SELECT blob.key FROM unnest(CAST(:keys AS text[])) AS blob (key)
     WHERE NOT EXISTS (SELECT FROM files WHERE files.blob_key = blob.key)
       AND NOT EXISTS (SELECT FROM files WHERE files.training_blob_key = blob.key)
       AND NOT EXISTS (
           SELECT FROM file_reports
            WHERE file_reports.finished_at IS NULL
              AND file_reports.file_id = split_part(split_part(blob.key, '/', 2), '.', 1)
              AND blob.key LIKE 'files/file-%.%')
       AND NOT EXISTS (SELECT FROM upload_parts WHERE upload_parts.id = split_part(blob.key, '/', 2))
       AND NOT EXISTS (
           SELECT FROM uploads
            WHERE uploads.swept_at IS NULL
              AND uploads.id = split_part(split_part(blob.key, '/', 2), '.', 1))""")


async def unknown_keys(session: Session, *, keys: Sequence[str]) -> list[str]:
    """Return those keys that no file names, no part, and no upload whose attempts may still lie there."""
    return list((await session.execute(_UNKNOWN, {"keys": list(keys)})).scalars())
