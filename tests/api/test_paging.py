"""Lists, whatever is asked: a page of one's own in order, or a clear 400; a walk meets everything once."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain import ids

from .served import Project, Service

COUNT = 5
quick = settings(
    max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)


@dataclass
class Shelf:
    """A project's lists by path, each with its ids in the order in which they are listed."""

    project: Project
    lists: dict[str, list[str]]


@pytest.fixture(scope="module")
async def shelf(service: Service) -> Shelf:
    """A project with some of everything, and metadata on every second job."""
    project = await service.project()
    files = [await project.file(b"x", purpose="user_data") for _ in range(COUNT)]
    training = await project.training_file()
    jobs = [await project.job(metadata={"n": str(n % 2)} if n else None) for n in range(COUNT)]
    for _ in range(2):
        await project.post(f"/fine_tuning/jobs/{jobs[0]}/cancel")
    events = f"/fine_tuning/jobs/{jobs[0]}/events"
    sequences = [entry["id"] for entry in (await project.get(events, limit=1000)).json()["data"]]
    assert len(sequences) > 1
    return Shelf(
        project,
        {
            "/files": sorted([*files, training], reverse=True),
            "/fine_tuning/jobs": sorted(jobs, reverse=True),
            events: sequences,
        },
    )


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("order", ["desc", "asc"])
async def test_a_walk_meets_everything_once_and_in_order(shelf: Shelf, number: int, order: str) -> None:
    path, expected = list(shelf.lists.items())[number]
    descending = order == "desc" or path != "/files"
    for limit in (1, 2, len(expected), 1000):
        met: list[str] = []
        for _ in range(len(expected) + 1):
            query = {"limit": limit, "order": order} | ({"after": met[-1]} if met else {})
            page = (await shelf.project.get(path, **query)).json()
            met += [entry["id"] for entry in page["data"]]
            if not page["has_more"]:
                break
        assert met == (expected if descending else expected[::-1])


@st.composite
def queries(draw: st.DrawFn) -> dict[str, Any]:
    """A query of a list: parameters that are right, nearly right, and anything."""
    some = {
        "after": st.one_of(
            st.sampled_from(["mine", "never"]),
            st.text(max_size=40),
            st.just(ids.new_id(ids.FILE)),
            st.just(""),
        ),
        "limit": st.one_of(
            st.integers(-2, 1002), st.integers(), st.text(max_size=8), st.booleans(), st.floats()
        ),
        "order": st.one_of(st.sampled_from(["asc", "desc"]), st.text(max_size=6)),
        "purpose": st.one_of(st.sampled_from(["fine-tune", "user_data", "batch"]), st.text(max_size=9)),
        "metadata[n]": st.one_of(st.sampled_from(["0", "1"]), st.text(max_size=9)),
        "metadata": st.one_of(st.just("null"), st.text(max_size=6)),
        "metadata[%]": st.text(max_size=4),
    }
    chosen = draw(st.lists(st.sampled_from(sorted(some)), unique=True, max_size=4))
    return {name: draw(some[name]) for name in chosen}


@quick
@given(query=queries(), number=st.integers(0, 2), position=st.integers(0, 1))
async def test_any_query_gives_a_page_in_order_or_a_400(
    shelf: Shelf, query: dict[str, Any], number: int, position: int
) -> None:
    path, everything = list(shelf.lists.items())[number]
    marks = {"mine": everything[position], "never": ids.new_id(ids.JOB)}
    if query.get("after") in marks:
        query = query | {"after": marks[query["after"]]}
    query = {name: sendable(value) for name, value in query.items()}
    answer = await shelf.project.get(path, **query)
    assert answer.status_code in {200, 400}, answer.text
    if answer.status_code == 400:
        assert answer.json()["error"]["param"] in {name.partition("[")[0] for name in query}
        return
    listed = [entry["id"] for entry in answer.json()["data"]]
    order = everything[::-1] if query.get("order") == "asc" and path == "/files" else everything
    assert in_order(listed, order)
    if query.get("after") in order:
        assert not set(listed) & set(order[: order.index(str(query["after"])) + 1])


def sendable(value: Any) -> str:
    return str(value).encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def in_order(some: Sequence[str], everything: Sequence[str]) -> bool:
    rest = iter(everything)
    return all(each in rest for each in some)


def is_storable(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


texts = st.text(st.characters(exclude_categories=[]), max_size=70)


@quick
@given(metadata=st.dictionaries(texts, st.one_of(texts, st.text(min_size=510, max_size=514)), max_size=18))
async def test_metadata_comes_back_as_it_was_or_is_refused(shelf: Shelf, metadata: dict[str, str]) -> None:
    good = len(metadata) <= 16 and all(
        len(key) <= 64 and len(value) <= 512 and is_storable(key + value) for key, value in metadata.items()
    )
    body = {"model": "qwen3-32b", "training_file": await shelf.project.training_file(), "metadata": metadata}
    content, headers = json.dumps(body).encode(), {"content-type": "application/json"}
    answer = await shelf.project.post("/fine_tuning/jobs", content=content, headers=headers)
    if not good:
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_value")
        assert answer.json()["error"]["param"].startswith("metadata")
        return
    assert answer.json()["metadata"] == metadata
    filtered = {f"metadata[{key}]": value for key, value in metadata.items()}
    if filtered:
        found = (await shelf.project.get("/fine_tuning/jobs", **filtered)).json()["data"]
        assert answer.json()["id"] in {job["id"] for job in found}


numbers = st.one_of(
    st.integers(), st.integers(-(10**400), 10**400), st.floats(allow_nan=False, allow_infinity=False)
)
anything = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=12,
)


@quick
@given(
    name=st.one_of(
        st.sampled_from(["x", "hyperparameters", "method", "metadata", "integrations", "seed"]), texts
    ),
    value=anything,
)
async def test_any_json_in_a_create_is_kept_or_refused_and_can_always_be_read_again(
    shelf: Shelf, name: str, value: Any
) -> None:
    body = {"model": "qwen3-32b", "training_file": await shelf.project.training_file(), name: value}
    content = json.dumps(body).encode()  # lone surrogates as escapes, so that they can be sent
    headers = {"content-type": "application/json"}
    answer = await shelf.project.post("/fine_tuning/jobs", content=content, headers=headers)
    assert answer.status_code in {200, 400, 404}, answer.text
    if answer.status_code == 200:
        read = await shelf.project.get(f"/fine_tuning/jobs/{answer.json()['id']}")
        assert read.json() == answer.json()
