"""The working set: edits over a file that changes, what is asked, what is written, what is said."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pxtui import project, saving, trust
from pxtui.events import (
    Conflict,
    Conflicted,
    Event,
    FileText,
    Invalid,
    Loaded,
    NoFile,
    Notice,
    Saved,
)
from pxtui.polyaxonfile.path import Path as Place
from pxtui.session.edits import Side
from pxtui.session.working import WorkingSet
from tests.shared import SHARED

Make = Callable[..., Path]
FILE = "version: 1\nkind: job\ndeclarations:\n  password: {}\n  lr: {}\nrun: {{image: x, cmd: c}}\n"
LR = ("declarations", "lr")
BATCH = ("declarations", "batch_size")


def told(events: list[Event]) -> str:
    return " ".join(event.text for event in events if isinstance(event, Notice))


def kinds(events: list[Event]) -> list[type[Event]]:
    return [type(event) for event in events]


def opened(root: Path, *, keep_draft: bool = False) -> WorkingSet:
    working = WorkingSet(project.find(root), keep_draft=keep_draft)
    working.open()
    return working


def settle(working: WorkingSet, path: Place, keep: str) -> list[Event]:
    """Choose a side of the conflict as it was told last."""
    shown = next(c for c in working._conflicts.told if c.path == path)
    return working.settle(shown, cast(Side, keep))


def replace(root: Path, old: str, new: str) -> None:
    file = root / "polyaxonfile.yml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


# -- a file that changes elsewhere


def test_other_values_that_change_elsewhere_are_merged(make_project: Make) -> None:
    root = make_project()
    working = opened(root)
    working.edit(LR, "0.5")
    replace(root, "batch_size: 128", "batch_size: 256")
    events = working.save()
    assert Saved in kinds(events)
    assert "changed elsewhere; your change stands over it" in told(events)
    text = (root / "polyaxonfile.yml").read_text()
    assert "batch_size: 256   # images\n  lr: 0.5\n" in text
    assert not working.edits


def test_a_value_that_changed_on_both_sides_is_asked_before_a_save(make_project: Make) -> None:
    root = make_project()
    working = opened(root)
    working.edit(LR, "0.5")
    replace(root, "lr: 0.1", "lr: 0.3")
    lr = Conflict(LR, "lr", mine="0.5", theirs="0.3", base="0.1")
    events = working.refresh()
    assert Conflicted((lr,)) in events
    assert "the file has lr = 0.3; yours is 0.5" in told(events)
    for _ in range(2):
        events = working.save()
        assert Conflicted((lr,), saving=True) in events
        assert "not written" in told(events)
    assert "lr: 0.3" in (root / "polyaxonfile.yml").read_text()


@pytest.mark.parametrize("keep", ["mine", "theirs"])
def test_what_was_chosen_stands_and_the_other_text_comes_back_by_undo(
    make_project: Make, keep: str
) -> None:
    root = make_project()
    file = root / "polyaxonfile.yml"
    working = opened(root)
    working.edit(LR, "0.5")
    replace(root, "lr: 0.1", "lr: 0.3")
    working.refresh()
    assert keep in ("mine", "theirs")
    assert Conflicted(()) in settle(working, LR, keep)
    if keep == "mine":
        assert Saved in kinds(working.save())
        assert "lr: 0.5" in file.read_text()
        working.undo()
        assert working.wanted == ((LR, "0.3"),)
    else:
        assert not working.edits
        assert "lr: 0.3" in file.read_text()
        events = working.undo()
        assert working.wanted == ((LR, "0.5"),)
        assert Conflicted in kinds(events)


@pytest.mark.parametrize("side", ["mine", "theirs", "base"])
@pytest.mark.parametrize("looked", [True, False])
def test_no_side_is_taken_against_a_text_that_was_not_shown(
    make_project: Make, side: str, looked: bool
) -> None:
    root = make_project()
    working = opened(root)
    working.edit(LR, "0.5")
    replace(root, "lr: 0.1", "lr: 0.3")
    working.save()
    (shown,) = working._conflicts.told
    replace(root, "lr: 0.3", "lr: 0.4")
    if looked:
        working.refresh()
    events = working.settle(shown, cast(Side, side))
    assert "lr was changed again meanwhile: nothing was chosen" in told(events)
    (asked,) = [e for e in events if isinstance(e, Conflicted)][-1].conflicts
    assert (asked.theirs, asked.mine) == ("0.4", "0.5")
    assert Conflicted((asked,), saving=True) in working.save()
    assert "lr: 0.4" in (root / "polyaxonfile.yml").read_text()
    assert Conflicted(()) in working.settle(asked, cast(Side, side))
    working.save()
    stands = {"mine": "0.5", "theirs": "0.4", "base": "0.1"}[side]
    assert f"lr: {stands}\n" in (root / "polyaxonfile.yml").read_text()


def test_a_secret_that_changed_again_behind_its_dots_is_told_again(make_project: Make) -> None:
    root = make_project(FILE.format("canary-1", "0.1"))
    working = opened(root)
    path: Place = ("declarations", "password")
    working.edit(path, "canary-22")
    make_project(FILE.format("canary-3", "0.1"))
    working.refresh()
    (shown,) = working._conflicts.told
    assert shown.theirs == "•••••• (8 characters)"
    assert shown.mine == "•••••• (9 characters)"
    make_project(FILE.format("canary-4", "0.1"))
    events = working.settle(shown, "mine")
    assert "changed again meanwhile" in told(events)
    assert Conflicted(()) not in events


def test_a_new_text_or_a_reset_is_a_choice_too(make_project: Make) -> None:
    root = make_project()
    working = opened(root)
    working.edit(LR, "0.5")
    replace(root, "lr: 0.1", "lr: 0.3")
    working.refresh()
    assert Conflicted(()) in working.edit(LR, "0.6")
    replace(root, "lr: 0.3", "lr: 0.4")
    assert Conflicted in kinds(working.refresh())
    assert Conflicted(()) in working.reset(LR)
    assert not working.edits


def test_a_conflict_ends_when_the_file_ends_it(make_project: Make) -> None:
    root = make_project()
    working = opened(root)
    working.edit(LR, "0.5")
    for theirs in ("0.1", "0.5"):
        replace(root, "lr: 0.", "lr: 0.0")
        assert Conflicted in kinds(working.refresh())
        (root / "polyaxonfile.yml").write_text(
            (root / "polyaxonfile.yml").read_text().replace("lr: 0.01", f"lr: {theirs}")
        )
        assert Conflicted(()) in working.refresh()
        assert bool(working.edits) == (theirs == "0.1")


def test_a_value_that_is_gone_from_the_file_is_asked_about(make_project: Make) -> None:
    root = make_project()
    working = opened(root)
    working.edit(LR, "0.5")
    replace(root, "  lr: 0.1\n", "")
    events = working.refresh()
    assert Conflicted((Conflict(LR, "lr", "0.5", None, "0.1"),)) in events
    assert "the file has no lr any more; yours is 0.5" in told(events)
    assert Conflicted(()) in settle(working, LR, "theirs")


def test_two_of_us_on_one_file(make_project: Make) -> None:
    root = make_project()
    first, second = opened(root), opened(root)
    first.edit(LR, "0.5")
    first.edit(BATCH, "64")
    second.edit(LR, "0.7")
    assert Saved in kinds(first.save())
    asked = second.save()
    assert Conflicted((Conflict(LR, "lr", "0.7", "0.5", "0.1"),), saving=True) in asked
    settle(second, LR, "mine")
    assert Saved in kinds(second.save())
    text = (root / "polyaxonfile.yml").read_text()
    assert "batch_size: 64 " in text
    assert "lr: 0.7" in text


def test_a_conflict_outlives_the_session(make_project: Make) -> None:
    root = make_project()
    opened(root, keep_draft=True).edit(LR, "0.5")
    replace(root, "lr: 0.1", "lr: 0.3")
    working = WorkingSet(project.find(root), keep_draft=True)
    events = working.open()
    assert Conflicted((Conflict(LR, "lr", "0.5", "0.3", "0.1"),)) in events
    assert "1 changed value of last time is here again" in told(events)


def test_a_draft_that_the_file_says_itself_is_gone(make_project: Make) -> None:
    root = make_project()
    working = opened(root, keep_draft=True)
    working.edit(LR, "0.5")
    assert working.project.places.draft.exists()
    replace(root, "lr: 0.1", "lr: 0.5")
    assert not opened(root, keep_draft=True).edits
    assert not working.project.places.draft.exists()


KEYS, TEXTS = st.sampled_from("abc"), st.sampled_from(["1", "2", "3", None])
ACTS = st.one_of(
    st.tuples(st.just("edit"), KEYS, TEXTS),
    st.tuples(st.just("elsewhere"), KEYS, TEXTS),
    st.tuples(st.sampled_from(["mine", "theirs"]), KEYS, st.none()),
    st.tuples(st.just("save"), KEYS, st.none()),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(ACTS, max_size=12))
def test_no_order_of_changes_here_and_elsewhere_loses_one_unasked(
    acts: list[tuple[str, str, str | None]],
) -> None:
    with tempfile.TemporaryDirectory() as root:
        file = Path(root) / "polyaxonfile.yml"
        in_file: dict[str, str] = {"a": "1", "b": "2", "z": "9"}
        mine: dict[str, tuple[str | None, str | None]] = {}
        write_values(file, in_file)
        working = opened(Path(root))
        for act, key, text in acts:
            path = ("declarations", key)
            clashing = {k for k, (t, over) in mine.items() if in_file.get(k) not in (t, over)}
            if act == "edit":
                working.edit(path, text)
                mine[key] = (text, in_file.get(key))
            elif act == "elsewhere":
                in_file = {**in_file, key: text} if text else without(in_file, key)
                write_values(file, in_file)
                working.refresh()
            elif act == "save":
                working.save()
                if not clashing:
                    for name, (wanted, _) in mine.items():
                        in_file = without(in_file, name) | ({name: wanted} if wanted else {})
            elif key in clashing:
                settle(working, path, act)
                mine[key] = (mine[key][0] if act == "mine" else in_file.get(key), in_file.get(key))
            mine = {k: (t, over) for k, (t, over) in mine.items() if t != in_file.get(k)}
            assert dict(working.wanted) == {("declarations", k): t for k, (t, _) in mine.items()}
            assert yaml.safe_load(file.read_text())["declarations"] == {
                k: int(t) for k, t in in_file.items()
            }


def without(values: dict[str, str], key: str) -> dict[str, str]:
    return {k: v for k, v in values.items() if k != key}


def write_values(file: Path, values: dict[str, str]) -> None:
    lines = "".join(f"  {key}: {text}\n" for key, text in values.items())
    file.write_text(
        f"version: 1\nkind: experiment\ndeclarations:\n{lines}run: {{image: x, cmd: c}}\n"
    )


# -- a file that is not there


def test_a_file_that_is_gone_is_written_anew_when_asked_twice(make_project: Make) -> None:
    root = make_project()
    file = root / "polyaxonfile.yml"
    working = opened(root)
    working.edit(LR, "0.5")
    file.unlink()
    events = working.save()
    assert NoFile in kinds(events)
    assert "is not written: it is gone" in told(events)
    assert not file.exists()
    events = working.save()
    assert {Loaded, Saved, FileText} <= set(kinds(events))
    assert "lr: 0.5" in file.read_text()
    assert working.refresh() == []


def test_a_file_that_comes_back_is_told_again(make_project: Make) -> None:
    root = make_project()
    file = root / "polyaxonfile.yml"
    working = opened(root)
    working.edit(LR, "0.5")
    file.rename(root / "away")
    assert kinds(working.refresh()) == [NoFile]
    assert working.refresh() == []
    (root / "away").rename(file)
    assert Loaded in kinds(working.refresh())
    assert working.wanted == ((LR, "0.5"),)


@pytest.mark.parametrize("kind", ["folder", "fifo", "device"])
def test_what_is_no_file_any_more_keeps_the_edits(make_project: Make, kind: str) -> None:
    root = make_project()
    file = root / "polyaxonfile.yml"
    text = file.read_text()
    working = opened(root)
    working.edit(LR, "0.5")
    file.unlink()
    if kind == "folder":
        file.mkdir()
    elif kind == "fifo":
        os.mkfifo(file)
    else:
        file.symlink_to("/dev/zero")
    events = working.save()
    assert Invalid in kinds(events)
    assert "is not written: it is not a regular file" in told(events)
    assert "there is no polyaxonfile to change" in told(working.edit(LR, "0.6"))
    file.rmdir() if kind == "folder" else file.unlink()
    file.write_text(text)
    assert Saved in kinds(working.save())
    assert "lr: 0.5" in file.read_text()


def test_what_cannot_be_saved_keeps_the_edits(
    make_project: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_project()
    working = opened(root)
    working.edit(LR, "0.5")
    before = (root / "polyaxonfile.yml").read_bytes()

    def full(*words: object) -> None:
        raise saving.Refused(
            "E_NO_SPACE", "it cannot be saved: No space left on device", "make room"
        )

    with monkeypatch.context() as patched:
        patched.setattr(saving, "save", full)
        events = working.save()
    (notice,) = [event for event in events if isinstance(event, Notice)]
    assert notice.text.startswith("polyaxonfile.yml is not written: it cannot be saved: No space")
    assert notice.hint == "make room"
    assert working.wanted == ((LR, "0.5"),)
    assert (root / "polyaxonfile.yml").read_bytes() == before
    assert Saved in kinds(working.save())


def test_a_draft_that_cannot_be_kept_is_told(make_project: Make) -> None:
    working = opened(make_project(), keep_draft=True)
    working.project.places.home.parent.mkdir(parents=True, exist_ok=True)
    working.project.places.home.write_text("no folder")
    events = working.edit(LR, "0.5")
    assert "no draft is kept" in told(events)
    assert working.wanted == ((LR, "0.5"),)
    assert Saved in kinds(working.save())


# -- undo, redo, reset, add, take out


def test_a_save_can_be_undone_as_edits(make_project: Make) -> None:
    root = make_project()
    working = opened(root)
    working.edit(LR, "0.5")
    working.edit(BATCH, "64")
    working.save()
    working.undo()
    assert dict(working.wanted) == {LR: "0.1", BATCH: "128"}
    assert "lr: 0.5" in (root / "polyaxonfile.yml").read_text()
    working.redo()
    assert not working.edits


def test_values_of_last_time_can_be_undone_before_and_after_they_are_written(
    make_project: Make,
) -> None:
    root = make_project()
    opened(root, keep_draft=True).edit(LR, "0.5")
    working = opened(root, keep_draft=True)
    working.undo()
    assert not working.edits
    working.redo()
    assert working.wanted == ((LR, "0.5"),)
    working.save()
    working.undo()
    assert working.wanted == ((LR, "0.1"),)


def test_all_can_be_taken_back_at_once(make_project: Make) -> None:
    working = opened(make_project())
    working.edit(LR, "0.5")
    working.edit(BATCH, "64")
    working.reset(None)
    assert not working.edits
    working.undo()
    assert len(working.edits) == 2


def test_what_is_added_is_taken_out_again_without_a_trace(make_project: Make) -> None:
    root = make_project()
    before = (root / "polyaxonfile.yml").read_bytes()
    working = opened(root)
    new = ("declarations", "momentum")
    (loaded,) = working.edit(new, "0.9")
    assert isinstance(loaded, Loaded)
    assert "momentum" in {d.name for d in loaded.reading.declarations}
    working.edit(new, None)
    assert not working.edits
    working.edit(new, "0.9")
    assert Saved in kinds(working.save())
    assert b"  momentum: 0.9\n" in (root / "polyaxonfile.yml").read_bytes()
    working.undo()
    assert working.wanted == ((new, None),)
    working.save()
    assert (root / "polyaxonfile.yml").read_bytes() == before


def test_what_is_taken_out_is_gone_and_comes_back_by_undo(make_project: Make) -> None:
    root = make_project(FILE.format("a", "0.1"))
    working = opened(root, keep_draft=True)
    (read,) = working.edit(LR, None)
    assert isinstance(read, Loaded | Invalid)
    assert {d.name for d in read.reading.declarations} == {"password"}
    assert opened(root, keep_draft=True).wanted == ((LR, None),)
    working.save()
    assert "lr" not in (root / "polyaxonfile.yml").read_text()
    working.undo()
    assert working.wanted == ((LR, "0.1"),)


def test_what_stands_in_something_taken_out_cannot_be_set(make_project: Make) -> None:
    working = opened(make_project("version: 1\ndeclarations:\n  a:\n    b: 1\n    c: 2\n"))
    outer: Place = ("declarations", "a")
    working.edit((*outer, "b"), "7")
    working.edit(outer, None)
    assert dict(working.wanted) == {outer: None}, "what is below goes with it"
    assert "a.b stays as it was: what it stands in was taken out" in told(
        working.edit((*outer, "b"), "8")
    )
    working.undo()
    assert dict(working.wanted) == {(*outer, "b"): "7"}


# -- several files


def test_each_of_several_files_gets_its_own_edits(make_project: Make) -> None:
    root = make_project(**{"over.yml": "version: 1\ndeclarations:\n  lr: 0.2\n"})
    first, over = root / "polyaxonfile.yml", root / "over.yml"
    working = WorkingSet(project.find(root, None, [over]))
    (_, loaded) = working.open()
    assert isinstance(loaded, Loaded)
    assert {d.name: d.text for d in loaded.reading.declarations} == {
        "batch_size": "128",
        "lr": "0.2",
    }
    inode = first.stat().st_ino
    working.edit(LR, "0.5")
    saved = working.save()
    assert [e.file for e in saved if isinstance(e, Saved)] == ["over.yml"]
    assert over.read_text() == "version: 1\ndeclarations:\n  lr: 0.5\n"
    texts = [e.over for e in saved if isinstance(e, FileText)]
    assert texts == [(("over.yml", over.read_text()),)]
    assert first.stat().st_ino == inode, "what did not change is not written"
    over.write_text("version: 1\ndeclarations:\n  lr: 0.7\n")
    assert Loaded in kinds(working.refresh())
    over.unlink()
    (invalid,) = working.refresh()
    assert isinstance(invalid, Invalid)
    assert [p.file for p in invalid.reading.problems] == ["over.yml"]


def test_a_save_names_all_files_that_it_changed(make_project: Make) -> None:
    root = make_project(**dict.fromkeys("bc", "version: 1\ndeclarations:\n  lr: 0.2\n"))
    working = WorkingSet(project.find(root, None, [root / "b", root / "c"]))
    working.open()
    working.edit(LR, "0.5")
    working.edit(BATCH, "64")
    (saved,) = (e for e in working.save() if isinstance(e, Saved))
    assert saved == Saved("polyaxonfile.yml and c", ("lr", "batch_size"))
    working.edit(LR, None)
    (saved,) = (e for e in working.save() if isinstance(e, Saved))
    assert saved.file == "polyaxonfile.yml and b and c"


# -- several edits at once


@pytest.mark.parametrize(
    "values",
    [
        ((LR, "0.5"), (BATCH, "64")),
        ((LR, "0.5"), (("nope", "a", "b"), "["), (BATCH, None)),
        ((LR, "0.2"), (LR, "0.3"), (BATCH, "1")),
    ],
)
def test_edits_made_at_once_are_one_step(
    make_project: Make, values: tuple[tuple[Place, str | None], ...]
) -> None:
    working = opened(make_project())
    working.edit(LR, "0.3")
    working.edit_all(values)
    made = working.wanted
    assert made != ((LR, "0.3"),)
    working.undo()
    assert working.wanted == ((LR, "0.3"),)
    working.redo()
    assert working.wanted == made


def test_edits_that_lead_back_are_no_step(make_project: Make) -> None:
    working = opened(make_project())
    working.edit(LR, "0.3")
    working.edit_all(((LR, "0.5"), (LR, "0.3")))
    assert dict(working.wanted) == {LR: "0.3"}
    working.undo()
    assert not working.wanted


# -- files that are not touched


@pytest.mark.skipif(SHARED is None, reason="the shared hostile inputs are not here")
def test_opening_and_saving_without_an_edit_writes_nothing(tmp_path: Path) -> None:
    assert SHARED
    sources = sorted((SHARED / "nasty-polyaxonfiles").glob("*.yml"))
    assert len(sources) == 64
    for source in sources:
        file = tmp_path / "polyaxonfile.yml"
        file.write_bytes(source.read_bytes())
        before = file.stat()
        working = WorkingSet(project.find(tmp_path))
        working.open()
        working.save()
        after = file.stat()
        assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns), source
        assert file.read_bytes() == source.read_bytes()
        assert [p.name for p in tmp_path.iterdir() if p.name != "home"] == [file.name]


def test_only_a_known_project_is_tidied_on_opening(make_project: Make) -> None:
    root = make_project()
    left = root / saving._name()
    left.touch()
    opened(root)
    assert left.exists()
    trust.trust(project.find(root), "docker")
    opened(root)
    assert not left.exists()


# -- secrets


def test_a_conflict_shows_no_secret(make_project: Make) -> None:
    root = make_project(FILE.format("canary-1", "0.1"))
    working = opened(root)
    working.edit(("declarations", "password"), "canary-2")
    working.edit(LR, "0.2")
    make_project(FILE.format("canary-3", "0.3"))
    events = working.refresh()
    (conflicted,) = [event for event in events if isinstance(event, Conflicted)]
    assert [c.name for c in conflicted.conflicts] == ["password", "lr"]
    events += working.save()
    make_project("version: 1\nkind: experiment\nrun: {image: x, cmd: c}\n")
    events += working.refresh()
    shown = " ".join(repr(e) for e in events if isinstance(e, Notice | Conflicted))
    assert "password" in shown
    assert "canary" not in shown


def test_a_list_with_a_secret_in_it_is_not_shown_either(make_project: Make) -> None:
    text = "version: 1\nkind: experiment\ndeclarations:\n  db: {}\nrun: {{image: x, cmd: c}}\n"
    root = make_project(text.format("{user: me, password: canary-1}"))
    working = opened(root)
    working.edit(("declarations", "db"), None)
    make_project(text.format("{user: me, password: canary-2}"))
    shown = " ".join(repr(e) for e in working.refresh() if isinstance(e, Notice | Conflicted))
    assert "db" in shown
    assert "canary" not in shown


def test_a_refused_edit_shows_no_secret(make_project: Make) -> None:
    root = make_project(FILE.format("!!int 5", "!!int 6"))
    working = opened(root)
    assert "'canary'" in told(working.edit(LR, "canary"))
    refused = told(working.edit(("declarations", "password"), "canary"))
    assert "password stays as it was" in refused
    assert "canary" not in refused
