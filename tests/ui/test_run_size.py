"""The terminals of runs are as large as the text of the Run pane, and follow it."""

from __future__ import annotations

from pathlib import Path

from pxtui.ui.app import PxtuiApp
from pxtui.ui.panes.run import Run
from tests.ui import example as x
from tests.ui.seeing import press, until
from tests.ui.stub import StubSession, write_log


async def test_the_session_is_told_the_size_of_the_text(tmp_path: Path) -> None:
    session = StubSession(tmp_path, *x.OPENED, x.TRUSTED, x.started("r1", 1, x.NOW), logs=tmp_path)
    write_log(session.folder("run", "r1"), (x.NOW, "stdout", "a line\n"))
    app = PxtuiApp(session, now=lambda: x.NOW)

    def is_told() -> bool:
        view = app.query_one(Run).log_part.view
        told = view.look.width - view.look.text_at, view.size.height
        return session.sizes[-1:] == [told]

    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "4")
        await until(pilot, is_told)
        for size in ((150, 50), (100, 35)):
            session.sizes.clear()
            await pilot.resize_terminal(*size)
            await until(pilot, is_told)
