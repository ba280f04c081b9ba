"""Waiting for the app in small steps: Textual's own pilot looks only every 20 ms, twice a key."""

from __future__ import annotations

import pytest
from textual import _wait

STEP = 0.005


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """The app counts as idle after 5 ms with no work in place of 20 ms: the same share of time."""
    monkeypatch.setattr(_wait, "SLEEP_GRANULARITY", STEP)
    monkeypatch.setattr(_wait, "SLEEP_IDLE", STEP / 20)
