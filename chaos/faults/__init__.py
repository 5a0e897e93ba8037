"""The numbered faults, a file each: importing this package enters every variant into `chaos.table.FAULTS`."""

from typing import Final

from chaos.faults import (
    f01_api_killed,
    f02_worker_killed,
    f03_poison,
    f04_terminated,
    f05_zombie,
    f06_redis,
    f07_postgres,
    f08_cut_creates,
    f08_platform,
    f09_receiver,
    f10_secret_rotated,
    f11_clocks,
    f12_two_of_everything,
    f13_disk_full,
    f14_cancels,
    f15_soak,
)

TITLES: Final = {
    1: "kill -9 the api",
    2: "kill -9 the worker",
    3: "kill -9 five times on one row",
    4: "SIGTERM in every stage",
    5: "SIGSTOP a worker, SIGCONT",
    6: "Redis",
    7: "Postgres",
    8: "the platform",
    9: "the receiver",
    10: "a secret rotated while deliveries wait",
    11: "clocks",
    12: "two of everything",
    13: "disk full",
    14: "cancels",
    15: "soak",
}

__all__ = [
    "TITLES",
    "f01_api_killed",
    "f02_worker_killed",
    "f03_poison",
    "f04_terminated",
    "f05_zombie",
    "f06_redis",
    "f07_postgres",
    "f08_cut_creates",
    "f08_platform",
    "f09_receiver",
    "f10_secret_rotated",
    "f11_clocks",
    "f12_two_of_everything",
    "f13_disk_full",
    "f14_cancels",
    "f15_soak",
]
