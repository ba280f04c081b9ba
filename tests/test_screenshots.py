"""The pictures in screenshots/ are what the app draws; `python -m screenshots` makes them anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ui.scenes import PICTURES, render

FOLDER = Path(__file__).parent.parent / "screenshots"


@pytest.mark.parametrize("name", PICTURES)
async def test_a_picture_is_what_is_drawn(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "UTC")
    assert await render(name, tmp_path) == (FOLDER / f"{name}.svg").read_text()


def test_there_are_no_other_pictures() -> None:
    assert {file.stem for file in FOLDER.glob("*.svg")} == set(PICTURES)
