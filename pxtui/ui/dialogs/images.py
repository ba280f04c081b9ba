"""The images of this project on the engine: sizes, what needs them, and removing one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from pxtui.errors import EngineError
from pxtui.image import housekeeping
from pxtui.logs.text import clean_line
from pxtui.session.images import Held, Removed, age, is_exact
from pxtui.ui import words
from pxtui.ui.dialogs.choose import Choose
from pxtui.ui.dialogs.panel import Dialog, PanelLines
from pxtui.ui.draw import Block, Row, cut, padded, row, width_of
from pxtui.ui.messages import Messages
from pxtui.ui.panes.gets import folded

LOOKING = "asking the engine…"


class ImageLines(PanelLines):
    """A row for each image, below a row that names the columns."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d,delete", "remove", "remove", id="images.remove",
                tooltip="Remove the image under the cursor; asks you first."),
    ]  # fmt: skip

    def __init__(self, now: Callable[[], float], remove: Callable[[Held], None]) -> None:
        super().__init__([], name_id="images", with_cursor=True)
        self.found: Sequence[Held] = ()
        self._now, self._remove = now, remove

    def count(self) -> int:
        """All images."""
        return len(self.found)

    def line(self, index: int, width: int) -> Row:
        """One of them."""
        one = self.found[index]
        image = one.image
        needs = [f"#{number}" for number in reversed(one.runs)]
        return columns(
            "env" if image.kind == "environment" else "code",
            (one.name, "strong"),
            age(image, self._now()),
            words.size(image.size),
            "" if one.alone is None else words.size(one.alone),
            " ".join(["in use"] * image.used + needs),
            width,
        )

    def action_remove(self) -> None:
        """Remove the image under the cursor."""
        if self.found:
            self._remove(self.found[self.cursor])


def columns(
    kind: str, name: tuple[str, str], old: str, size: str, alone: str, needs: str, width: int
) -> Row:
    """One row of the table; what needs the image has the room that is left."""
    start = row(
        (f" {kind:<5}", "soft"), (padded(name[0], 17), name[1]), (f"{old:>5}", "soft"),
        f"  {size:>8}", (f"  {alone:>8}  ", "soft"),
    )  # fmt: skip
    return (*start, *row((cut(needs, width - width_of(start)), "soft")))


class _Told(Block):
    """What happened last, in as many rows as it takes."""

    GROUND = "band"
    DEFAULT_CSS = "_Told { height: auto; }"

    def __init__(self) -> None:
        super().__init__()
        self.said = ("", "soft")

    def rows(self, width: int) -> Sequence[Row]:
        text, tone = self.said
        return [row((part, tone)) for part in folded(text, width)]


class Images(Dialog[None]):
    """The list; it stays open while images are removed."""

    DEFAULT_CSS = """
    Images > #panel { width: 100; }
    Images ImageLines { height: auto; max-height: 50vh; margin-bottom: 1; }
    """

    def __init__(
        self,
        look: Callable[[], Awaitable[tuple[Held, ...]]],
        remove: Callable[[Held], Awaitable[Removed]],
        now: Callable[[], float],
    ) -> None:
        super().__init__()
        self._look, self._remove, self._now = look, remove, now

    def compose(self) -> ComposeResult:
        """Head, columns, images, what happened, keys."""
        keys = row(("d", "key b"), (" removes  ", "soft"), ("esc", "key b"), (" leaves", "soft"))
        with Vertical(id="panel"):
            yield PanelLines([row(("Images of this project", "strong b"))], name_id="question")
            yield PanelLines([(), row((LOOKING, "soft"))], name_id="head")
            yield ImageLines(self._now, self._ask)
            yield _Told()
            yield PanelLines([keys], name_id="keys")

    def on_mount(self) -> None:
        """Ask the engine, which may take a while."""
        self.set_focus(self.query_one(ImageLines))
        self.run_worker(self._load())

    async def _load(self) -> None:
        try:
            found = await self._look()
        except EngineError as error:
            self._show("head", [()])
            self._tell(str(error), "bad")
            return
        lines = self.query_one(ImageLines)
        lines.found = found[::-1]
        lines.renew()
        lines.refresh(layout=True)
        total = words.size(housekeeping.total(one.image for one in found))
        at_most = "" if is_exact(found) else "at most "
        count = words.number(len(found), "image")
        self._show(
            "question", [row((f"Images of this project: {count}, {at_most}{total}", "strong b"))]
        )
        head = columns("", ("image", "soft"), "age", "size", "frees", "needed by", 90)
        self._show("head", [(), head if found else row(("there are none yet", "soft"))])

    def _tell(self, text: str, tone: str, severity: str = "") -> None:
        """Say what happened here; where the dialog is closed, in the app's messages."""
        if self.is_attached:
            told = self.query_one(_Told)
            told.said = (clean_line(text), tone)
            told.refresh(layout=True)
        elif severity:
            self.app.screen_stack[0].query_one(Messages).say(clean_line(text), severity)

    def _show(self, place: str, rows: list[Row]) -> None:
        lines = self.query_one(f"#{place}", PanelLines)
        lines.shown = rows
        lines.renew()
        lines.refresh(layout=True)

    def _ask(self, one: Held) -> None:
        """Remove an image, if the person is sure."""
        if one.image.used:
            self._tell("a container uses it: remove its run first", "warn")
            return
        facts = [("size", words.size(one.image.size))]
        facts += [("frees", words.size(one.alone))] if one.alone is not None else []
        facts += [("runs", " ".join(f"#{n}" for n in one.runs))] if one.runs else []
        text = f"Remove the image {one.name}?"
        if one.runs:
            text += " Kept runs name it: they could not be repeated without a build."
        elif one.image.kind == "environment":
            text += " The next build that needs it runs the steps again."
        choices = (("remove", "remove it"), ("keep", "keep it"))
        self.app.push_screen(Choose(text, choices, "keep", facts), lambda c: self._sure(one, c))

    def _sure(self, one: Held, choice: str | None) -> None:
        if choice == "remove":
            self.app.run_worker(self._removed(one))  # it goes on where the dialog is closed

    async def _removed(self, one: Held) -> None:
        self._tell(f"removing {one.name}…", "soft")
        try:
            done = await self._remove(one)
        except EngineError as error:
            self._tell(f"{one.name} stays: {error}", "bad", "error")
            return
        for _, why in done.failed:
            self._tell(f"{one.name} stays: {why}", "bad", "error")
        if done.images:
            at_most = "" if done.exact else "at most "
            freed = f"{at_most}{words.size(done.freed)}"
            self._tell(f"removed {one.name}, freed {freed}", "good", "good")
        if self.is_attached:
            await self._load()
