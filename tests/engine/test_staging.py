"""A file that a step names is in the image before the step, on a real engine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pxtui.image.staging import stage
from tests.engine.conftest import Workshop

pytestmark = pytest.mark.engine


def test_named_files_are_there_and_a_change_of_the_code_leaves_the_step_cached(
    shop: Workshop,
) -> None:
    folder = shop.root / "requirements"
    folder.mkdir()
    (folder / "dev.txt").write_text("-r base.txt\n")
    (folder / "base.txt").write_text("numpy\n")
    (shop.root / "setup.sh").write_text(f"#!/bin/sh\ntest ! -e train.py && echo {shop.project}\n")
    (shop.root / "train.py").write_text("print(1)\n")
    # stands in for pip, which this image does not have; its words are pip's
    step = "pip() { cat requirements/base.txt $3; }; pip install -r requirements/dev.txt"
    steps = (step, "./setup.sh")
    first = shop.build(*steps)
    assert first.outcome.result == "done", first.sink.all
    assert b"numpy\n-r base.txt\n" in first.sink.all
    copied = [text for text, _, _ in first.ended if text.startswith("COPY")]
    assert copied == [
        "COPY setup.sh /code/",
        "COPY requirements/base.txt /code/requirements/",
        "COPY requirements/dev.txt /code/requirements/",
        "COPY . /code/",
    ]
    (shop.root / "train.py").write_text("print(2)\n")
    second = shop.build(*steps)
    assert second.outcome.result == "done"
    assert all(cached for text, _, cached in second.ended if text != "COPY . /code/")
    (folder / "base.txt").write_text("scipy\n")
    third = shop.build(*steps)
    assert b"scipy\n" in third.sink.all
    request = shop.request(*steps, no_cache=True)
    notes = stage(shop.root, steps).notes
    told = shop.carry_out(replace(request, plan=replace(request.plan, notes=notes)))
    assert b"requirements/dev.txt is copied before the steps" in told.sink.all
    spec = shop.spec("./setup.sh; ls -l setup.sh requirements", image=third.outcome.image or "")
    sink = type(third.sink)()
    assert shop.start(spec, sink).end().exit_code in (0, 1)
    assert b"dev.txt" in sink.all
