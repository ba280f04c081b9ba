"""Where a log is to be written: a file's name, and in which form."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from pxtui.logs.text import clean_line
from pxtui.ui.dialogs.panel import PanelLines, TypingDialog
from pxtui.ui.draw import Row, row
from pxtui.ui.field import Field
from pxtui.ui.panes.gets import folded


class Saving(NamedTuple):
    """What the person wants to be written."""

    path: Path
    form: str
    replace: bool
    """A file that is there already may go."""


class SaveLog(TypingDialog[Saving]):
    """Ends with what is to be written; a file that is there is replaced only when asked twice."""

    DEFAULT_CSS = """
    SaveLog Field { margin: 1 0; background: $px-ground; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "form(1)", "another form", id="save-log.next", tooltip="Another form."),
        Binding("shift+tab", "form(-1)", "the form before", id="save-log.previous", show=False,
                tooltip="The form before."),
    ]  # fmt: skip

    def __init__(
        self, title: str, suggested: Path, forms: Sequence[tuple[str, str]], tree: Path
    ) -> None:
        """`forms`: key and words of each, the first is suggested; `tree`: the project's folder."""
        super().__init__()
        self._headline, self._suggested, self._forms = title, suggested, forms
        self._tree = tree
        self._form = 0
        self._warned: Path | None = None

    def compose(self) -> ComposeResult:
        """Question, field, forms, keys."""
        field = Field(self._entered, placeholder="name of the file")
        field.value = short(self._suggested)
        field.cursor_position = len(field.value)
        with Vertical(id="panel"):
            yield PanelLines([row((self._headline, "strong b"))], name_id="question")
            yield field
            yield PanelLines(self._form_rows(), name_id="forms")
            yield PanelLines([(), _keys("saves it")], name_id="keys")

    def _form_rows(self) -> list[Row]:
        return [
            row((" ● " if at == self._form else "   ", "key b"),
                (words, "strong b" if at == self._form else "ink"))
            for at, (_, words) in enumerate(self._forms)
        ]  # fmt: skip

    def action_form(self, by: int) -> None:
        """Choose the next form."""
        self._form = (self._form + by) % len(self._forms)
        self._show("forms", self._form_rows())

    @on(Field.Changed)
    def _typed(self, event: Field.Changed) -> None:
        path = self._path(event.value)
        inside = path is not None and path.is_relative_to(self._tree)
        self._say("! in the project: the watch will see it as a change" if inside else "", "warn")

    def _path(self, typed: str) -> Path | None:
        """The file that is meant: beside the suggested one where no folder is typed."""
        if not typed.strip():
            return None
        path = self._suggested.parent / os.path.expanduser(typed.strip())
        return Path(os.path.normpath(path))

    async def _entered(self, typed: str) -> None:
        path = self._path(typed)
        trouble = "✗ a file needs a name" if path is None else _trouble(path)
        if path is None or trouble:
            self._say(trouble, "bad")
        elif path.exists() and self._warned != path:
            self._warned = path
            self._say(f"! {path.name} is there already", "warn", "replaces it")
        else:
            replace = self._warned == path
            self.dismiss(Saving(path, self._forms[self._form][0], replace))

    def _say(self, text: str, tone: str, does: str = "saves it") -> None:
        if does == "saves it":
            self._warned = None
        lines = self.query_one("#keys", PanelLines)
        said = folded(clean_line(text), max(20, lines.size.width)) if text else [""]
        self._show("keys", [*(row((part, tone)) for part in said), _keys(does)])

    def _show(self, name: str, rows: list[Row]) -> None:
        lines = self.query_one(f"#{name}", PanelLines)
        lines.shown = rows
        lines.renew()
        lines.refresh(layout=True)


def _trouble(path: Path) -> str:
    """Why nothing can be written there."""
    try:
        if path.is_dir():
            return f"✗ {path} is a folder"
        if path.exists() and not path.is_file():
            return f"✗ {path} is no file"
        if not path.parent.is_dir():
            return f"✗ there is no folder {path.parent}"
        if not os.access(path.parent, os.W_OK | os.X_OK):
            return f"✗ {path.parent} cannot be written to"
    except (OSError, ValueError) as error:
        return f"✗ {error}"
    return ""


def _keys(does: str) -> Row:
    return row(("↵", "key b"), (f" {does}  ", "soft"), ("tab", "key b"),
               (" another form  ", "soft"), ("esc", "key b"), (" leaves", "soft"))  # fmt: skip


def short(path: Path) -> str:
    """A path as a person types it."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


def suggested(name: str, tree: Path, kept: Path) -> Path:
    """A file outside of the project: in the person's folder, at home, or where pxtui keeps."""
    folder = next(
        (f for f in (_here(), Path.home()) if _is_open(f) and not f.is_relative_to(tree)), kept
    )
    stem, dot, end = name.rpartition(".")
    path, number = folder / name, 2
    while path.exists():
        path, number = folder / f"{stem}-{number}{dot}{end}", number + 1
    return path


def _here() -> Path:
    try:
        return Path.cwd()
    except OSError:  # it was taken away
        return Path("/")


def _is_open(folder: Path) -> bool:
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)
