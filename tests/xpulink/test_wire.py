"""The platform's JSON in every odd form that it may take."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.platform import (
    DERIVED_ID,
    JobError,
    PlatformCheckpoint,
    PlatformEvent,
    PlatformFile,
    PlatformJob,
    PlatformStatus,
)
from xpulink import scalars, wire

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECONDS = int(NOON.timestamp())


def job(**fields: Any) -> Any:
    return wire.read_job({"id": "ftjob-1"} | fields)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("pending", PlatformStatus.QUEUED),
        ("notRunning", PlatformStatus.QUEUED),
        ("validating_files", PlatformStatus.QUEUED),
        ("queued", PlatformStatus.QUEUED),
        ("running", PlatformStatus.RUNNING),
        ("RUNNING ", PlatformStatus.RUNNING),
        ("canceling", PlatformStatus.RUNNING),
        ("succeeded", PlatformStatus.SUCCEEDED),
        ("failed", PlatformStatus.FAILED),
        ("canceled", PlatformStatus.CANCELLED),
        ("Cancelled", PlatformStatus.CANCELLED),
    ],
)
def test_status_words_are_folded(word: str, status: PlatformStatus) -> None:
    read = job(status=word)
    assert (read.status, read.known_status, read.raw_status) == (status, True, word.strip())


@pytest.mark.parametrize("word", ["paused", "", None, 3, {"state": "failed"}, "完成", "succeeded?no"])
def test_an_unknown_status_is_running_and_said_to_be_unknown(word: Any) -> None:
    read = job(status=word)
    assert (read.status, read.known_status) == (PlatformStatus.RUNNING, False)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (None, None),
        ({}, None),
        ("", None),
        ([], None),
        (False, None),
        ({"code": None, "message": None, "param": None}, None),
        ("未知错误", JobError("upstream_error", "未知错误")),
        ({"message": "Bad."}, JobError("upstream_error", "Bad.")),
        ({"code": "oom"}, JobError("oom", "oom")),
        ({"code": "a", "message": "b", "param": "c"}, JobError("a", "b", "c")),
        ({"code": 17, "message": "b", "param": {}}, JobError("upstream_error", "b")),
        (["Out of memory.", "Node lost."], JobError("upstream_error", "Out of memory.")),
        ([[]], None),
        ("a\x00b\x1b[31m\u202ec", JobError("upstream_error", "ab[31mc")),
    ],
)
def test_an_error_is_read_in_every_form(said: Any, error: JobError | None) -> None:
    assert job(error=said).error == error


@pytest.mark.parametrize(
    "said",
    [
        SECONDS,
        float(SECONDS),
        str(SECONDS),
        SECONDS * 1_000,
        SECONDS * 1_000_000,
        SECONDS * 1_000_000_000,
        "2026-03-01T12:00:00Z",
        "2026-03-01 12:00:00",
        "2026-03-01T20:00:00+08:00",
    ],
)
def test_a_time_is_read_in_every_unit(said: Any) -> None:
    assert job(created_at=said, estimated_finish=said).created_at == NOON
    assert job(estimated_finish=said).estimated_finish == NOON


@pytest.mark.parametrize(
    "said", [None, 0, -5, True, "", "soon", [], 10**400, "nan", "0001-01-01T00:00:00+14:00"]
)
def test_what_is_no_time_is_none(said: Any) -> None:
    assert job(created_at=said).created_at is None


@pytest.mark.parametrize(
    ("said", "tokens"),
    [(7, 7), ("7", 7), (7.0, 7), (0, 0), (2**53 + 1, 2**53 + 1)]
    + [(bad, None) for bad in (None, True, 7.5, -1, "many", 2**63, 10**400, "inf", [7])],
)
def test_a_count_is_read_from_whatever_holds_one(said: Any, tokens: int | None) -> None:
    assert job(trained_tokens=said).trained_tokens == tokens


@pytest.mark.parametrize(
    ("said", "files"),
    [
        (None, ()),
        ([], ()),
        ("file-1", ("file-1",)),
        (["file-1", None, "", {"id": "file-2"}, "a\nb"], ("file-1", "file-2")),
        ({"id": "file-1"}, ("file-1",)),
    ],
)
def test_result_files_are_ids(said: Any, files: tuple[str, ...]) -> None:
    assert job(result_files=said).result_files == files


@pytest.mark.parametrize(
    ("said", "id_"),
    [("ftjob-1", "ftjob-1"), ("a/b", "a/b"), ("任务", "任务"), (17, "17"), ("x" * 256, "x" * 256)]
    + [
        (bad, None)
        for bad in (
            "",
            " ",
            " a",
            "a\n",
            "a\x00",
            "a\u202e",
            "x" * 257,
            "..",
            ".",
            None,
            True,
            -1,
            1.5,
            [],
            {},
        )
    ],
)
def test_an_id_is_usable_or_the_object_is_unreadable(said: Any, id_: str | None) -> None:
    if id_ is not None:
        assert (wire.read_job({"id": said}).id, wire.read_file({"id": said}).id) == (id_, id_)
        return
    for read in (wire.read_job, wire.read_file):
        with pytest.raises(wire.Unreadable):
            read({"id": said})


@pytest.mark.parametrize("said", [{}, {"id": ""}, {"id": "a\x00"}, {"id": None}])
def test_an_event_and_a_checkpoint_without_a_usable_id_get_the_same_one_each_time(said: Any) -> None:
    first, again = (wire.read_event({**said, "message": "m", "data": {"n": 1}}) for _ in range(2))
    other = wire.read_event({**said, "message": "m", "data": {"n": 2}})
    assert first.id == again.id != other.id
    saved = wire.read_checkpoint({**said, "fine_tuned_model_checkpoint": "m", "step_number": 7})
    assert all(id_.startswith(DERIVED_ID) for id_ in (first.id, other.id, saved.id))


def test_an_object_that_says_nothing_is_no_event() -> None:
    for said in ({}, {"status": "running"}, "text", None):
        with pytest.raises(wire.Unreadable):
            wire.read_event(said)


@pytest.mark.parametrize("said", ["ft:qwen3:org/x:客服:1", " ft:q ", {"id": "ft:q"}])
def test_a_model_is_named_as_the_platform_names_it(said: Any) -> None:
    read = job(fine_tuned_model=said)
    assert (read.fine_tuned_model, read.unusable_model) == (
        said["id"] if isinstance(said, dict) else said.strip(),
        None,
    )


@pytest.mark.parametrize(
    ("said", "escaped"),
    [
        ("ft:\x1b[2J\r\nx:1", "ft:\\x1b[2J\\r\\nx:1"),
        ("ft:\u202ex", "ft:\\u202ex"),
        ("ft:\x00", "ft:\\x00"),
        ("x" * 513, "x" * 256),
    ],
)
def test_a_model_whose_name_cannot_be_passed_on_is_told_apart_from_none(said: str, escaped: str) -> None:
    read = job(fine_tuned_model=said)
    assert (read.fine_tuned_model, read.unusable_model) == (None, escaped)


@pytest.mark.parametrize("said", ["", None, 5, " ", {}, []])
def test_what_names_no_model_is_none(said: Any) -> None:
    assert (job(fine_tuned_model=said).fine_tuned_model, job(fine_tuned_model=said).unusable_model) == (
        None,
        None,
    )


@pytest.mark.parametrize(
    ("said", "metadata", "marker"),
    [
        ({"tuneward": "sub_1", "n": 1}, {"tuneward": "sub_1"}, "sub_1"),
        ({}, {}, None),
        (None, None, None),
        ("tuneward", None, None),
    ],
)
def test_metadata_is_what_was_echoed(said: Any, metadata: Any, marker: str | None) -> None:
    read = job(metadata=said)
    assert (read.metadata, read.marker) == (metadata, marker)


def test_free_objects_hold_nothing_that_a_database_refuses() -> None:
    deep: Any = "end"
    for _ in range(900):
        deep = [deep]
    said = {"a\x00": "b\x00", "big": 10**30, "n": [1, 2.5, True, None], "deep": deep}
    read = job(hyperparameters=said).hyperparameters
    assert (read["a"], read["big"], read["n"]) == ("b", 1e30, [1, 2.5, True, None])
    assert len(orjson.dumps(read)) < 200
    broad = job(hyperparameters={"a": [list(range(5_000))] * 9, "b": "c" * 10**6})
    assert len(orjson.dumps(broad.hyperparameters)) < 20_000


def test_a_file_says_what_it_knows() -> None:
    assert wire.read_file({"id": "file-1"}) == PlatformFile("file-1")
    assert wire.read_file({"id": "file-1", "bytes": "12", "status": "processed"}).bytes == 12


def test_an_event_is_read_with_what_is_there() -> None:
    said = {"id": "e1", "level": "WARNING", "type": "metrics", "message": "a\nb\x00", "data": {"step": 1}}
    assert wire.read_event(said) == PlatformEvent("e1", None, "warn", "a\nb", "metrics", {"step": 1})
    counted = {"id": "e1", "type": "metrics", "data": {"step": "5", "loss": "0.5", "lr": "auto"}}
    assert wire.read_event(counted).data == {"step": 5, "loss": 0.5, "lr": "auto"}
    assert wire.read_event({"id": "e1", "data": None}) == PlatformEvent("e1", None, "info", "", "message", {})


def test_a_checkpoint_needs_a_model_and_a_step() -> None:
    said = {
        "id": "c1",
        "fine_tuned_model_checkpoint": "ft:a:ckpt-step-5",
        "metrics": {"step": "5", "loss": "NaN"},
    }
    assert wire.read_checkpoint(said) == PlatformCheckpoint("c1", None, "ft:a:ckpt-step-5", 5, {"step": 5.0})
    for missing in ("fine_tuned_model_checkpoint", "metrics"):
        with pytest.raises(wire.Unreadable):
            wire.read_checkpoint({key: value for key, value in said.items() if key != missing})


@pytest.mark.parametrize(
    ("said", "ids", "has_more", "skipped"),
    [
        ({"data": [{"id": "a"}], "has_more": True}, ["a"], True, 0),
        ({"data": [{"id": "a"}], "has_more": "false"}, ["a"], False, 0),
        ({"data": [{"id": "a"}]}, ["a"], None, 0),
        ({"data": [{"id": "a"}], "has_more": 1}, ["a"], None, 0),
        ({"data": None}, [], None, 0),
        ([{"id": "a"}], ["a"], None, 0),
        ({"data": [{"id": "a"}, {"id": ""}, None, 3, {"id": "b"}]}, ["a", "b"], None, 3),
    ],
)
def test_a_list_is_read_and_what_cannot_be_is_counted(
    said: Any, ids: Any, has_more: Any, skipped: int
) -> None:
    page = wire.read_page(said, wire.read_job)
    assert ([item.id for item in page.items], page.has_more, page.skipped) == (ids, has_more, skipped)


@pytest.mark.parametrize("said", [{}, {"items": []}, {"data": {}}, {"data": "x"}, None, "x", 5])
def test_what_is_no_list_is_never_an_empty_one(said: Any) -> None:
    with pytest.raises(wire.Unreadable):
        wire.read_page(said, wire.read_job)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b'{"id": "a', b"[" * 100_000, b'{"a": NaN', b"\xff\xfe{\x00}\x00"]
)
def test_what_is_no_json_is_unreadable(body: bytes) -> None:
    with pytest.raises(wire.Unreadable):
        wire.decode(body)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": NaN, "b": [-Infinity, 1]}', {"a": None, "b": [None, 1]}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'{"a": "\\ud800"}', {"a": "\ud800"}),
        ('{"a": "任"}'.encode("gbk"), {"a": "\ufffd\ufffd"}),
    ],
)
def test_what_careless_writers_send_is_read(body: bytes, value: Any) -> None:
    assert wire.decode(body) == value


def test_an_id_in_an_encoding_that_could_not_be_read_is_none() -> None:
    with pytest.raises(wire.Unreadable):
        wire.read_job(wire.decode('{"id": "任务"}'.encode("gbk")))


@pytest.mark.parametrize(
    ("body", "is_one"),
    [
        (b"<!DOCTYPE html><html>", True),
        (b"\xef\xbb\xbf\n <HTML lang=en>", True),
        (b"step,train_loss\n", False),
        (b"", False),
        (b"<csv>", False),
    ],
)
def test_a_web_page_is_known_by_its_first_words(body: bytes, *, is_one: bool) -> None:
    assert wire.is_web_page(body) is is_one


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (b'{"error": {"message": "No.", "code": "c", "param": "p"}}', wire.Refusal("No.", "c", "p")),
        (b'{"error": {"message": "No.", "code": null}}', wire.Refusal("No.")),
        (b'{"error": "No."}', wire.Refusal("No.")),
        (b'{"detail": "No such job"}', wire.Refusal("No such job")),
        (b'{"detail": "Not Found"}', None),
        (b'{"detail": [{"msg": "x"}]}', wire.Refusal("x")),
        (
            b'{"detail": [{"loc": ["body", "metadata"], "msg": "Not permitted"}]}',
            wire.Refusal("metadata: Not permitted", param="metadata"),
        ),
        (b'{"detail": [17]}', None),
        (b'{"detail": []}', None),
        (b'{"error": {}}', None),
        (b'{"message": "x"}', None),
        (b"[]", None),
        (b"<html>", None),
    ],
)
def test_the_error_envelope_is_told_from_a_routers_own_words(
    body: bytes, refusal: wire.Refusal | None
) -> None:
    assert wire.read_refusal(body) == refusal


seeded = settings(derandomize=True, deadline=None, database=None)  # a busy machine is no fault
FIELDS = [
    field.name for kind in (PlatformJob, PlatformFile, PlatformEvent, JobError) for field in fields(kind)
] + [
    "fine_tuned_model_checkpoint",
    "step_number",
    "metrics",
    "step",
    "type",
    "has_more",
    "deleted",
    "detail",
]
OFFERED = [field for field in FIELDS if field != "id"]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["NaN", "1e400", "7"])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(FIELDS) | st.text(), inner),
    max_leaves=12,
)
OBJECTS = st.fixed_dictionaries({"id": st.just("a") | JSON}, optional=dict.fromkeys(OFFERED, JSON))
READERS: list[Callable[[Any], object]] = [
    wire.read_file,
    wire.read_job,
    wire.read_event,
    wire.read_checkpoint,
    wire.read_deletion,
    wire.read_error,
    lambda value: wire.read_page(value, wire.read_job),
]


@seeded
@given(JSON | OBJECTS | st.fixed_dictionaries({"data": st.lists(OBJECTS, max_size=3)}))
@example({"id": "a", "created_at": -1e308, "trained_tokens": 2**63, "step_number": 2**63 - 1})
def test_no_json_raises_anything_but_unreadable(value: Any) -> None:
    for read in READERS:
        with suppress(wire.Unreadable):
            read(value)


@seeded
@given(OBJECTS)
def test_what_was_read_can_be_stored(value: Any) -> None:
    """Every text is free of what Postgres refuses, every free object can be written as JSON."""
    with suppress(wire.Unreadable):
        read = wire.read_job(value)
        written = orjson.dumps(
            [read.id, read.raw_status, read.hyperparameters, read.metadata, read.result_files]
        )
        assert b"\\u0000" not in written
        assert read.trained_tokens is None or 0 <= read.trained_tokens < 2**63


@seeded
@given(st.binary(max_size=200) | st.text().map(lambda text: text.encode(errors="replace")))
def test_no_body_raises_anything_but_unreadable(body: bytes) -> None:
    wire.read_refusal(body)
    with suppress(wire.Unreadable):
        wire.decode(body)


def test_text_is_cut_to_what_a_row_should_hold() -> None:
    assert len(scalars.text("x" * 10**6)) == scalars.MAX_TEXT
