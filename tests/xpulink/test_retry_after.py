"""How long the platform asks us to wait."""

from datetime import timedelta

import httpx
import pytest

from xpulink.classify import retry_after

YEAR = timedelta(days=366)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"retry-after": "20"}, timedelta(seconds=20)),
        ({"retry-after": "0.5"}, timedelta(seconds=0.5)),
        ({"retry-after": "0"}, timedelta(0)),
        ({"retry-after-ms": "1500"}, timedelta(seconds=1.5)),
        ({"retry-after-ms": "1500", "retry-after": "20"}, timedelta(seconds=1.5)),
        ({"retry-after-ms": "soon", "retry-after": "20"}, timedelta(seconds=20)),
        ([("retry-after", "5"), ("retry-after", "20")], timedelta(seconds=20)),
        ([("retry-after", "5"), ("retry-after", "soon")], None),
        ([("retry-after", "nan"), ("retry-after", "5")], None),
        ({"retry-after": "-1"}, None),
        ({"retry-after-ms": "-1", "retry-after": "20"}, timedelta(seconds=20)),
        ({"retry-after": ""}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, YEAR),
        ({"retry-after": "9" * 400}, YEAR),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Thu, 99 Foo 2026 99:99:99 GMT"}, None),
        ({"retry-after": "Mon, 01 Jan 1990 00:00:00 GMT"}, timedelta(0)),
        ({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}, YEAR),
        (
            # Their clock is years off; only the difference counts.
            {"retry-after": "Mon, 01 Jan 2001 00:01:30 GMT", "date": "Mon, 01 Jan 2001 00:00:00 GMT"},
            timedelta(seconds=90),
        ),
        (
            {"retry-after": "Mon, 01 Jan 2001 00:01:30 -0000", "date": "Mon, 01 Jan 2001 00:00:00 GMT"},
            timedelta(seconds=90),
        ),
    ],
)
def test_retry_after_is_read_in_every_form(
    headers: dict[str, str] | list[tuple[str, str]], wait: timedelta | None
) -> None:
    assert retry_after(httpx.Headers(headers)) == wait
