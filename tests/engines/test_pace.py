"""When a server asks for a pause, and how long pauses grow by themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from crab.engines.pace import backoff_seconds, retry_after_seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0), ({"retry-after": "0.5"}, 0.5), ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25), ({}, None), ({"retry-after": ""}, None),
        ({"retry-after": "soon"}, None), ({"retry-after": "-3"}, None), ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None), ({"retry-after": "Fri, 99 Foo 2099"}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
    ],
)  # fmt: skip
def test_what_a_server_asks_for(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_seconds(headers) == seconds


def test_a_date_is_a_pause_until_then() -> None:
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    pause = retry_after_seconds({"retry-after": then})
    assert pause is not None
    assert 85 < pause <= 90


def test_pauses_double_up_to_the_most_and_spread() -> None:
    assert [backoff_seconds(attempt, 5, 1.0) for attempt in (1, 2, 3, 4, 5, 60)] == [0.5, 1, 2, 4, 5, 5]
    assert backoff_seconds(3, 5, 0.0) == 1.0
