"""Where an upload stands, and which parts may make it up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from domain.errors import Conflict, InvalidRequest, UploadCompleting
from domain.uploads import PART_BYTES, Upload, UploadStatus, check_order, demand_open, order_digest

NOW = datetime(2026, 3, 1, tzinfo=UTC)
UPLOAD = Upload(
    id="upload_1", project_id="proj_1", filename="a", purpose="batch", size=10, file_life=None,
    status=UploadStatus.PENDING, created_at=NOW, expires_at=NOW + timedelta(hours=1), over=False, held=False,
    part_count=0, received=0, attempts=0, order_sha256=None, file=None,
)  # fmt: skip
STANDS = {
    # status, over, held: where it stands
    ("pending", False, False): "pending",
    ("pending", True, False): "expired",
    ("completing", False, True): "completing",
    ("completing", True, True): "completing",
    ("completing", False, False): "pending",
    ("completing", True, False): "expired",
    ("completed", False, False): "completed",
    ("completed", True, False): "completed",
    ("cancelled", False, False): "cancelled",
    ("cancelled", True, False): "cancelled",
    ("expired", True, False): "expired",
}


@pytest.mark.parametrize(("row", "stands"), STANDS.items())
def test_where_an_upload_stands(row: tuple[str, bool, bool], stands: str) -> None:
    status, over, held = row
    upload = replace(UPLOAD, status=UploadStatus(status), over=over, held=held)
    assert upload.stands == stands
    assert upload.shown_status == ("pending" if stands == "completing" else stands)
    if stands == "pending":
        demand_open(upload)
        return
    with pytest.raises(Conflict) as raised:
        demand_open(upload)
    assert raised.value.error_code == f"upload_{stands}"
    assert raised.value.should_retry is isinstance(raised.value, UploadCompleting)


def test_every_status_is_in_the_table() -> None:
    assert {status for status, _, _ in STANDS} == set(UploadStatus)


@pytest.mark.parametrize("size", [1, PART_BYTES, PART_BYTES + 1])
def test_no_part_is_larger_than_64_mib_or_than_the_whole(size: int) -> None:
    assert replace(UPLOAD, size=size).largest_part == min(size, 64 * 1024**2)


SIZES = {"part_a": 4, "part_b": 6, "part_c": 10}


def test_parts_that_add_up_to_what_was_announced_are_taken_in_any_order() -> None:
    for order in (["part_a", "part_b"], ["part_b", "part_a"], ["part_c"]):
        check_order(order, SIZES, announced=10)


@pytest.mark.parametrize(
    ("order", "named"),
    [
        (["part_a"], "4 bytes"),
        (["part_a", "part_c"], "14 bytes"),
        (["part_a", "part_b", "part_a"], "named twice"),
        (["part_a", "part_x"], "'part_x' is no part"),
        (["x" * 10_000], "no part"),
    ],
)
def test_other_parts_are_refused_by_name(order: list[str], named: str) -> None:
    with pytest.raises(InvalidRequest, match=named) as raised:
        check_order(order, SIZES, announced=10)
    assert raised.value.param == "part_ids"
    assert len(raised.value.message) < 300


def test_a_repeated_complete_is_known_by_its_order() -> None:
    orders = [["a", "b"], ["b", "a"], ["ab"], ["a", "b", "c"], ["\ud800"]]
    digests = [order_digest(order) for order in orders]
    for (n, one), (m, other) in product(enumerate(digests), repeat=2):
        assert (one == other) is (n == m)
