"""13. The disk is full, under the files and under Postgres: refused or put off, and nothing half-written."""

import contextlib
import threading
import time
from random import Random
from typing import Final

from chaos import small_disk, truth
from chaos.flavour import Flavour
from chaos.load import Load, Plan
from chaos.stand_in import HarnessError
from chaos.table import fault
from chaos.world import World

LARGE: Final = 2 * 1024**2
FULL_FOR: Final = (1.0, 3.0)
STORAGE: Final = Flavour(small_disks=(("blobs", 48),))
POSTGRES: Final = Flavour(small_disks=(("postgres", 320),))


def _needed() -> str | None:
    return None if small_disk.available() else small_disk.MISSING


@fault(13, "disk-full-under-files", needs=_needed, flavour=STORAGE, plan=Plan(jobs=8, spread=2))
def under_files(world: World, rng: Random, load: Load) -> None:
    """Uploads are refused with 503 and tried again; results wait; nothing half-written stays."""
    folder = world.stack.data_dir / "blobs"
    time.sleep(rng.uniform(0, 1))
    if not small_disk.fill(folder):
        raise HarnessError("the disk was full already")
    uploads = [
        threading.Thread(target=load.upload, args=[tenant, LARGE], daemon=True) for tenant in world.tenants
    ]
    for upload in uploads:
        upload.start()
    time.sleep(rng.uniform(*FULL_FOR))
    small_disk.empty(folder)
    for upload in uploads:
        upload.join()
    left = [path.name for path in folder.rglob("*#*")]
    load.seen_broken.extend(f"half a file was left behind: {name}" for name in left)


@fault(13, "disk-full-under-postgres", needs=_needed, flavour=POSTGRES, plan=Plan(jobs=8, spread=2))
def under_postgres(world: World, rng: Random, _load: Load) -> None:
    """Writes fail, or Postgres stops; with room again and Postgres up, everything goes on."""
    folder = world.stack.data_dir / "postgres"
    time.sleep(rng.uniform(0, 1))
    if not small_disk.fill(folder):
        raise HarnessError("the disk was full already")
    with contextlib.suppress(*truth.AWAY):
        world.truth.rows("SELECT pg_switch_wal()")
    time.sleep(rng.uniform(*FULL_FOR))
    small_disk.empty(folder)
