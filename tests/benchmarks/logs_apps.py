"""The programs that `logs.py` measures: our log view and Textual's, fed with the lines of a file.

`python -m tests.benchmarks.logs_apps ours|log|richlog FILE LINES RESULT` shows them all, notes in
RESULT what it took (JSON), and stays until `q`. `… smallest` is the smallest app with a key.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from textual.app import App, ComposeResult
from textual.widgets import Log, RichLog, Static

from pxtui.logs.store import LogWriter
from pxtui.ui import theme
from pxtui.ui.draw import PREFIX
from pxtui.ui.log.part import LogPart
from pxtui.ui.log.view import LogView
from pxtui.ui.ordered import OrderedApp
from tests.in_a_pty import rss_of

PIECE = 1 << 18
BATCH = 1 << 16
LOOK = 0.02


class Smallest(App[None]):
    """A text that a key changes."""

    count = 0

    def compose(self) -> ComposeResult:
        yield Static("READY")

    def on_key(self) -> None:
        self.count += 1
        self.query_one(Static).update(f"KEY {self.count} ")


class Measured:
    """What an app took from the first line to the last on the screen."""

    def __init__(self, result: Path, done: Callable[[], bool], app: App[Any]) -> None:
        self._result, self._done, self._app = result, done, app
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def look(self) -> None:
        """Note it once all is there, and drawn."""
        if self._done():
            self._done = lambda: False
            self._app.call_after_refresh(self._note)

    def _note(self) -> None:
        took = {
            "wall": time.perf_counter() - self._wall,
            "cpu": time.process_time() - self._cpu,
            "rss": rss_of(os.getpid(), "VmHWM"),
        }
        part = self._result.with_suffix(".part")
        part.write_text(json.dumps(took))
        part.rename(self._result)


class Ours(OrderedApp):
    """Our log view on a log that a thread writes."""

    def __init__(self, source: Source, result: Path) -> None:
        super().__init__()
        self._source, self._result = source, result
        # Not in the memory: the log is as long as it likes.
        self._home = tempfile.TemporaryDirectory(dir=source.file.parent)
        self.folder = Path(self._home.name) / "run"

    def get_css_variables(self) -> dict[str, str]:
        variables = super().get_css_variables()
        ours = {PREFIX + name: value for name, value in theme.tokens(variables).items()}
        self.theme_variables = {**variables, **ours}
        return self.theme_variables

    def compose(self) -> ComposeResult:
        yield LogPart()

    def on_mount(self) -> None:
        self.query_one(LogView).open(self.folder)
        measured = Measured(self._result, self._all_there, self)
        threading.Thread(target=self._write, daemon=True).start()
        self.set_interval(LOOK, measured.look)

    def _write(self) -> None:
        writer = LogWriter(self.folder, 1 << 40)
        for piece in self._source.pieces(PIECE):
            writer.write(piece, "stdout")
        writer.close()

    def _all_there(self) -> bool:
        return self.query_one(LogView).lines.total == self._source.lines

    def on_key(self, event: Any) -> None:
        if event.key == "q":
            self.exit()


class Theirs(App[None]):
    """A widget of Textual's, given batches of lines from a thread."""

    def __init__(self, widget: Log | RichLog, source: Source, result: Path) -> None:
        super().__init__()
        self._widget, self._source, self._result = widget, source, result

    def compose(self) -> ComposeResult:
        yield self._widget

    def on_mount(self) -> None:
        measured = Measured(self._result, self._all_there, self)
        threading.Thread(target=self._read, daemon=True).start()
        self.set_interval(LOOK, measured.look)

    def _read(self) -> None:
        for piece in self._source.pieces(BATCH):
            self.call_from_thread(self._take, piece.decode().splitlines())

    def _take(self, lines: list[str]) -> None:
        if isinstance(self._widget, Log):
            self._widget.write_lines(lines)
            return
        for line in lines:
            self._widget.write(line)

    def _all_there(self) -> bool:
        found = self._widget
        return (found.line_count if isinstance(found, Log) else len(found.lines)) >= (
            self._source.lines
        )

    def on_key(self, event: Any) -> None:
        if event.key == "q":
            self.exit()


class Source:
    """The first lines of a file, in pieces of whole lines."""

    def __init__(self, file: Path, lines: int) -> None:
        self.file, self.lines = file, lines

    def pieces(self, size: int) -> Iterator[bytes]:
        left, rest = self.lines, b""
        with self.file.open("rb", buffering=0) as file:
            while left and (data := file.read(size)):
                data = rest + data
                end = data.rfind(b"\n") + 1
                piece, rest = data[:end], data[end:]
                count = piece.count(b"\n")
                if count > left:
                    piece = b"".join(piece.splitlines(keepends=True)[:left])
                left -= min(left, count)
                yield piece


def main() -> None:
    if sys.argv[1] == "smallest":
        Smallest().run()
        return
    kind, file, lines, result = sys.argv[1:]
    source = Source(Path(file), int(lines))
    if kind == "ours":
        Ours(source, Path(result)).run()
    else:
        widget = Log() if kind == "log" else RichLog()
        Theirs(widget, source, Path(result)).run()


if __name__ == "__main__":
    main()
