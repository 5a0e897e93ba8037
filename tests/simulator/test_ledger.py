import httpx

from simulator.ledger import REQUESTS_KEPT, Ledger, Received

from .conftest import Platform


async def test_the_ledger_tells_requests_files_jobs_and_counts(platform: Platform) -> None:
    training = await platform.upload()
    for _ in range(2):
        job = await platform.job(training_file=training, metadata={"marker": "m1"})
    await platform.openai.fine_tuning.jobs.cancel(job["id"])
    await platform.http.get("/v1/nowhere")
    await platform.openai.files.delete(training)
    ledger = await platform.ledger()
    assert ledger["counts"] == {"upload": 1, "create": 2, "cancel": 1, "file_delete": 1}
    assert [(job["live"], job["creates"], job["metadata"]) for job in ledger["jobs"]] == [
        (True, 2, {"marker": "m1"}),
        (False, 2, {"marker": "m1"}),
    ]
    assert [(file["id"], file["deleted"], file["examples"]) for file in ledger["files"]] == [
        (training, True, 40)
    ]
    create = ledger["requests"][1]
    assert (create["method"], create["path"], create["status"]) == ("POST", "/v1/fine_tuning/jobs", 200)
    assert create["seconds"] > 0


async def test_a_part_of_the_ledger_can_be_asked_for(platform: Platform) -> None:
    address = f"{platform.url.removesuffix('/v1')}/simulator/ledger"
    assert set((await platform.http.get(address, params={"parts": "counts,jobs"})).json()) == {
        "counts",
        "jobs",
    }


def test_the_ledger_is_bounded_and_its_counts_are_exact() -> None:
    ledger = Ledger()
    for number in range(REQUESTS_KEPT + 5):
        ledger.receive(Received(float(number), "GET", "/v1/models", "models", "req_1"))
    assert (len(ledger.requests), ledger.counts["models"]) == (REQUESTS_KEPT, REQUESTS_KEPT + 5)
    assert ledger.requests[0].at == 5


async def test_the_page_shows_what_came_and_escapes_it(platform: Platform) -> None:
    await platform.upload(filename="<b>bold</b>.jsonl")
    job = await platform.job(metadata={"<i>": "<script>alert(1)</script>"})
    await platform.order(fault="rate_limited", times=3)
    await platform.http.get("/files/%3Cimg%20src=x%3E")
    platform.clock.pass_(60)
    async with httpx.AsyncClient() as visitor:
        page = await visitor.get(platform.url.removesuffix("/v1") + "/")
    assert page.headers["content-type"].startswith("text/html")
    assert all(word in page.text for word in (job["id"], "rate_limited", "running", "<polyline points="))
    assert "&lt;script&gt;" in page.text
    assert not any(tag in page.text for tag in ("<script", "<b>bold", "<i>", "<img"))


async def test_an_unknown_route_is_refused_in_the_envelope(platform: Platform) -> None:
    answer = await platform.http.get("/fine_tuning/nowhere")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_url")
    assert (await platform.ledger())["counts"] == {"other": 1}
