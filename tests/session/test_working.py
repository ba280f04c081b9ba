"""The working set's messages: what they say of values, and what they never say of secret ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pxtui import project
from pxtui.events import Event, Notice
from pxtui.session.working import WorkingSet

FILE = "version: 1\ndeclarations:\n  password: {}\n  lr: {}\nrun:\n  image: x\n  cmd: c\n"


def told(events: list[Event]) -> str:
    return " ".join(event.text for event in events if isinstance(event, Notice))


def test_a_clash_with_the_file_shows_no_secret(make_project: Callable[..., Path]) -> None:
    root = make_project(FILE.format("canary-1", "0.1"))
    working = WorkingSet(project.find(root))
    working.open()
    working.edit(("declarations", "password"), "canary-2")
    working.edit(("declarations", "lr"), "0.2")
    make_project(FILE.format("canary-3", "0.3"))
    clash = told(working.refresh())
    assert "the file now has lr = 0.3; your 0.2 stands over it" in clash
    assert "password" in clash
    assert "canary" not in clash
    make_project("version: 1\nrun:\n  image: x\n  cmd: c\n")
    gone = told(working.refresh())
    assert "password is gone from the file" in gone
    assert "canary" not in gone


def test_a_refused_edit_shows_no_secret(make_project: Callable[..., Path]) -> None:
    root = make_project(FILE.format("!!int 5", "!!int 6"))
    working = WorkingSet(project.find(root))
    working.open()
    assert "'canary'" in told(working.edit(("declarations", "lr"), "canary"))
    refused = told(working.edit(("declarations", "password"), "canary"))
    assert "password stays as it was" in refused
    assert "canary" not in refused
