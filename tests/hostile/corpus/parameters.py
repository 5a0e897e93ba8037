"""Parameters of lists: numbers, booleans, positions, filters, and ever more of them."""

from collections.abc import Iterator

from tests.hostile.case import Case, case, request

JOBS, FILES, EVENTS = "/v1/fine_tuning/jobs", "/v1/files", "/v1/fine_tuning/jobs/@JOB@/events"
LISTS = (JOBS, FILES, EVENTS)
NO_NUMBERS = ("-1", "", "ten", "true", "1.5", "1e2", "0x10", "9" * 30, "9" * 5000, "NaN", "null", "+", "1,2",
    "%00", "%ff", "[]", "1%00", "1;2", "0b1", "Infinity", "1__0")  # fmt: skip
POSITIONS = ("", "x", "%00", "%ff%fe", "@NEVER_JOB@", "@NEVER_FILE@", "@OTHER_JOB@", "@OTHER_FILE@", "@OTHER_EVENT@",
    "file-", "ftjob-" + "z" * 26, "ftjob-" + "%" + "25" * 13, "file-%25", "file-" + "_" * 26, "'--", "x" * 5000,
    "ftjob-" + "0" * 26, "../x", "null", "@EVENT@", "@JOB@", "@FILE@", "ftevent-" + "0" * 26 + "-" + "9" * 8)  # fmt: skip
FILTERS = ("metadata=x", "metadata=", "metadata=null", "metadata[]=x", "metadata[a]=%00", "metadata[%00]=a", "metadata[",
    "metadata[a][b]=c", "metadata]a[=b", "metadata[a]=b&metadata=null", "metadata[a]=1&metadata[a]=2",
    "metadata[%ff]=%ff", "metadata[a]=" + "x" * 5000, "metadata[" + "x" * 5000 + "]=a", "metadata[a]=%25",
    "metadata%5Ba%5D=b", "metadata[%27]=%27%3B--", "metadata[a]={}", "metadata[$ne]=x", "metadata[\\]=\\")  # fmt: skip


def cases() -> Iterator[Case]:
    """Every case of this theme."""
    for path in LISTS:
        for text in NO_NUMBERS:
            sent = request(f"GET {path}?limit={text}")
            yield case(f"list: limit={text[:8]} ({len(text)}), {path}", sent, 400, "invalid_value")
        for text in ("0", "1", "100", "%31", "+1", "01"):
            yield case(f"list: limit={text}, {path}", request(f"GET {path}?limit={text}"), {200, 400})
        for text in POSITIONS:
            yield case(
                f"list: after={text[:24]} ({len(text)}), {path}", request(f"GET {path}?after={text}"), 200
            )
        yield case(f"list: two limits, {path}", request(f"GET {path}?limit=1&limit=x"), {200, 400})
        yield case(f"list: two positions, {path}", request(f"GET {path}?after=x&after=y"), 200)
        many = "&".join(f"p{number}=x" for number in range(2_000))
        yield case(f"list: 2,000 parameters, {path}", request(f"GET {path}?{many}"), 400)
        yield case(f"list: 20,000 ampersands, {path}", request(f"GET {path}?{'&' * 20_000}"), 400)
        yield case(f"list: a query of 30 kB, {path}", request(f"GET {path}?x={'y' * 30_000}"), 200)
        yield case(f"list: a query of 40 kB, {path}", request(f"GET {path}?x={'y' * 40_000}"), 414)
        yield case(f"list: brackets, {path}", request(f"GET {path}?limit[]=5&limit[a]=x"), 200)
    for text in FILTERS:
        yield case(f"list: {text[:30]} ({len(text)})", request(f"GET {JOBS}?{text}"), {200, 400})
    pairs = "&".join(f"metadata[k{number}]=v" for number in range(17))
    yield case("list: 17 pairs of metadata", request(f"GET {JOBS}?{pairs}"), 400)
    for text in ("sideways", "", "ASC", "asc,desc", "%00", "1", "null"):
        yield case(f"list: order={text}", request(f"GET {FILES}?order={text}"), 400, "invalid_value")
    for text in ("%00", "%ff", "fine-tune%00", "x" * 5000, "FINE-TUNE", "", "'--", "fine-tune&purpose=batch"):
        yield case(f"list: purpose={text[:20]} ({len(text)})", request(f"GET {FILES}?purpose={text}"), 200)
