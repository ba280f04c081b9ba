"""What a project needs: gathered from its tree and settings, decided by the person, kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pxtui import history
from pxtui.engine.fake import FakeEngine
from pxtui.events import Given, Notice, Queued
from pxtui.image.context import Limits, look
from pxtui.needs import Need
from pxtui.run import Mount, Surroundings
from pxtui.session.needs import Scripts
from pxtui.settings import Settings
from pxtui.state import State
from tests.session.conftest import ENDLESS, Driven, Open

Make = Callable[..., Path]


def need(state: State, subject: str) -> Need:
    return next(n for n in state.needs if n.subject == subject)


async def decided(driven: Driven, subject: str, choice: str) -> None:
    await driven.until(lambda: any(n.subject == subject for n in driven.state.needs))
    driven.session.decide(need(driven.state, subject).id, choice)
    await driven.until(lambda: need(driven.state, subject).decided == choice)


async def test_a_link_that_leaves_the_tree_is_mounted_when_the_person_says_so(
    make_project: Make, opened: Open, tmp_path: Path
) -> None:
    root, data = make_project(), tmp_path / "big"
    data.mkdir()
    (data / "x.bin").write_bytes(b"x")
    (root / "data").symlink_to(data)
    async with opened(root) as driven:
        await driven.until(lambda: driven.state.needs)
        link = need(driven.state, "data")
        assert (link.kind, link.decided, link.blocks) == ("link", "", False)
        assert driven.state.surroundings == Surroundings()
        await decided(driven, "data", "mount")
        assert driven.state.surroundings.mounts == (Mount(str(data), "/code/data"),)
        driven.session.run()
        await driven.trusted()
        await driven.finished()
        assert driven.engine.specs[0].surroundings.mounts == (Mount(str(data), "/code/data"),)
        (listed,) = (r.listing for r in driven.engine.requests)
        assert "data" not in {entry.path for entry in listed.entries}
    (root / "data").unlink()
    (root / "data").symlink_to(tmp_path)
    async with opened(root) as again:
        await again.until(lambda: again.state.needs)
        assert need(again.state, "data").decided == "", "another target is another decision"


async def test_a_folder_that_is_too_big_hinders_until_it_is_decided(
    make_project: Make, opened: Open
) -> None:
    root = make_project()
    (root / "data").mkdir()
    (root / "data/x.bin").write_bytes(bytes(30_000))
    settings = Settings(context_max_size=20_000)
    async with opened(root, settings=settings) as driven:
        await driven.until(lambda: driven.state.needs)
        assert need(driven.state, "data").blocks
        driven.session.run()
        await driven.trusted()
        await driven.until(lambda: driven.state.wish is None)
        assert not driven.engine.requests
        await decided(driven, "data", "mount")
        await driven.until(lambda: driven.state.tree and not driven.state.tree.error)
        assert driven.state.surroundings.mounts == (Mount(str(root / "data"), "/code/data"),)
        driven.session.run()
        await driven.finished()
    async with opened(root, settings=settings) as again:
        await again.until(lambda: again.state.tree and not again.state.tree.error)
        assert need(again.state, "data").decided == "mount", "it is kept, and can be changed"
        await decided(again, "data", "send")
        await again.until(lambda: again.state.tree and again.state.tree.size > 30_000)
        assert again.state.surroundings == Surroundings()
        await decided(again, "data", "ignore")
        await again.until(lambda: again.state.tree and again.state.tree.size < 20_000)


async def test_variables_that_the_code_reads_are_proposed_and_only_names_are_kept(
    make_project: Make, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_project()
    (root / "log.py").write_text(
        "import os, wandb\nKEY = os.environ['MY_TOKEN']\nos.getenv('UNSET_KEY')\nos.environ['PATH']"
    )
    (root / ".env").write_text("FROM_FILE=canary-3\n")
    monkeypatch.setenv("MY_TOKEN", "canary-1")
    monkeypatch.setenv("WANDB_API_KEY", "canary-2")
    async with opened(root) as driven:
        await driven.until(lambda: driven.state.needs)
        assert {n.subject for n in driven.state.needs} == {"MY_TOKEN", "WANDB_API_KEY", ".env"}
        await decided(driven, "MY_TOKEN", "give")
        await decided(driven, "WANDB_API_KEY", "no")
        await decided(driven, ".env", "give")
        driven.session.run()
        await driven.trusted()
        await driven.finished()
        spec = driven.engine.specs[0]
        assert dict(spec.variables) == {"MY_TOKEN": "canary-1", "FROM_FILE": "canary-3"}
        assert "canary" not in repr(spec)
        kept = [p for p in driven.session.project.places.home.rglob("*") if p.is_file()]
        assert any(b"MY_TOKEN" in p.read_bytes() for p in kept)
        assert not [p for p in kept if b"canary" in p.read_bytes()]


async def test_what_the_project_asks_for_is_granted_by_the_first_yes_and_by_nothing_else(
    make_project: Make, opened: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    root = make_project()
    monkeypatch.setenv("WANDB_API_KEY", "canary")
    mount = Mount(str(tmp_path), "/data")
    settings = Settings(asked_env=("WANDB_API_KEY",), asked_mounts=(mount,))
    engine = FakeEngine()
    async with opened(root, settings=settings, engine=engine, attended=False) as driven:
        driven.session.consent()
        driven.session.run()
        await driven.finished()
        assert engine.specs[0].variables == ()
        assert engine.specs[0].surroundings.mounts == ()
    async with opened(root, settings=settings, engine=engine) as driven:
        driven.session.run()
        await driven.until(lambda: driven.state.question)
        assert driven.state.question
        assert [key for key, _ in driven.state.question.choices] == ["yes", "bare", "below", "no"]
        driven.session.answer(driven.state.question.id, "yes")
        await driven.finished()
        assert engine.specs[1].variables == (("WANDB_API_KEY", "canary"),)
        assert engine.specs[1].surroundings.mounts == (mount,)


async def test_a_variable_that_is_not_set_is_told(make_project: Make, opened: Open) -> None:
    settings = Settings(env=("SURELY_NOT_SET",))
    async with opened(make_project(), settings=settings) as driven:
        driven.session.run()
        await driven.trusted()
        await driven.finished()
        assert any("SURELY_NOT_SET" in n.text for n in driven.of(Notice) if isinstance(n, Notice))


async def test_a_file_of_variables_that_is_gone_is_said_and_nothing_runs(
    make_project: Make, opened: Open, tmp_path: Path
) -> None:
    settings = Settings(env_files=(str(tmp_path / "gone.env"),))
    async with opened(make_project(), settings=settings) as driven:
        driven.session.run()
        await driven.trusted()
        await driven.until(lambda: not driven.state.queue and not driven.state.wish)
        assert not driven.engine.specs
        assert not driven.state.history


async def test_outputs_lie_where_the_setting_says_and_latest_leads_there(
    make_project: Make, opened: Open, tmp_path: Path
) -> None:
    root = make_project()
    for settings in (Settings(outputs=str(tmp_path / "out")), Settings()):
        async with opened(root, settings=settings) as driven:
            driven.session.run()
            if settings.outputs:
                await driven.trusted()
            (run,) = await driven.finished()
            spec = driven.engine.specs[-1]
            places = driven.session.project.places
            home = Path(spec.outputs).parent if settings.outputs else places.home
            assert (home / "latest").resolve() == Path(spec.outputs).resolve()
            assert spec.outputs.startswith(str(tmp_path / "out")) == bool(settings.outputs)
            (Path(spec.outputs) / "model.pt").write_bytes(b"12345")
            record = history.read(places, run.id)
            assert record
            assert history.outputs(places, record) == spec.outputs
            driven.session.remove(run.id)
            await gone(driven, Path(spec.outputs))


async def gone(driven: Driven, folder: Path) -> None:
    await driven.until(lambda: not folder.exists())


async def waits(driven: Driven, lr: str) -> None:
    await driven.until(lambda: any(q.differs == (("lr", lr),) for q in driven.state.queue))


async def test_waiting_runs_keep_their_values_and_can_be_taken_back_one_by_one(
    make_project: Make, opened: Open
) -> None:
    root = make_project()
    engine = FakeEngine(ENDLESS)
    async with opened(root, engine=engine) as driven:
        driven.session.run()
        await driven.trusted()
        await driven.until(lambda: driven.of(Given))
        for lr in ("0.2", "0.3", "0.4"):
            driven.session.edit(("declarations", "lr"), lr)
            (root / "train.py").write_text(f"print({lr})\n")
            driven.session.reload()
            driven.session.run(on_busy="queue")
            await waits(driven, lr)
        first, second, third = driven.state.queue
        assert len({first.image, second.image, third.image}) == 3
        driven.session.unqueue(second.id)
        await driven.until(lambda: driven.state.queue == (first, third))
        driven.session.stop()
        await driven.until(lambda: len(engine.specs) == 2)
        assert '--lr="0.2"' in engine.specs[1].cmd
        assert engine.specs[1].image == first.image
        assert len(driven.of(Queued)) == 4


async def test_a_past_run_is_loaded_repeated_named_and_starred(
    make_project: Make, opened: Open
) -> None:
    root = make_project()
    async with opened(root) as driven:
        driven.session.edit(("declarations", "lr"), "0.5")
        driven.session.run()
        await driven.trusted()
        (first,) = await driven.finished()
        driven.session.edit(("declarations", "lr"), "0.7")
        driven.session.edit(("declarations", "batch_size"), "64")
        driven.session.run()
        await driven.finished(2)
        driven.session.load(first.id)
        await driven.until(
            lambda: driven.state.edits == ((("declarations", "lr"), "0.5"),), "its values"
        )
        driven.session.undo()
        await driven.until(lambda: len(driven.state.edits) == 2, "all come back at once")
        driven.session.repeat(first.id)
        await driven.finished(3)
        assert '--lr="0.5"' in driven.engine.specs[2].cmd
        driven.session.mark(first.id, label="the good one")
        driven.session.mark(first.id, starred=True)
        await driven.until(lambda: driven.state.history[0].starred)
        assert driven.state.history[0].label == "the good one"
        assert dict(driven.state.history[0].values) == {"batch_size": "128", "lr": "0.5"}


def test_reads_of_variables_are_found_in_the_text_of_scripts(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        "os.environ.get('AAA_KEY')\nos.environ [ 'NO' ]\ngetenv( \"BBB\")\nenviron['POLYAXON_X']"
    )
    (tmp_path / "b.py").write_text("from huggingface_hub import login\n")
    (tmp_path / "gone.py").write_text("getenv('GONE')")
    entries = look(tmp_path, Limits()).entries
    (tmp_path / "gone.py").unlink()
    scripts = Scripts()
    assert scripts.variables(tmp_path, entries) == {"AAA_KEY", "BBB", "HF_TOKEN"}
    # what is known by its content is not read again, what is no longer there is forgotten
    (tmp_path / "a.py").unlink()
    assert scripts.variables(tmp_path, entries[:1]) == {"AAA_KEY", "BBB"}
    assert scripts.variables(tmp_path, entries[1:2]) == {"HF_TOKEN"}
