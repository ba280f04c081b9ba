"""What the run gets: code, image, engine, outputs, variables; shown until there are runs."""

from __future__ import annotations

from textual.app import ComposeResult

from pxtui.logs.text import clean_line
from pxtui.run import OUTPUTS, WORKDIR, environment
from pxtui.state import State
from pxtui.ui import words
from pxtui.ui.draw import Lines, Piece, Row
from pxtui.ui.pane import Bar, LeftPane

Fact = tuple[str, str, bool]
"""Label, text, and whether to look at it."""


def facts(state: State) -> list[Fact]:
    """What is known of the next run's surroundings."""
    found: list[Fact] = []
    local = state.engine is not None and not state.engine.isolated
    if state.engine is not None and state.engine.ok:
        found.append(("engine", state.engine.name, local))
        if local:
            found.append(("", "nothing is isolated", True))
    elif state.engine is not None:
        found.append(("engine", f"none: {state.engine.note}", True))
    if state.resolved is not None and state.resolved.image:
        found += _image(state.resolved.image, state)
    if state.no_file is None:
        found += _code(state)
    if state.resolved is not None:
        found.append(
            ("outputs", "kept in the run's folder" if local else f"{OUTPUTS}, kept", False)
        )
        names = [name for name, _ in environment(state.resolved, "")]
        ours = 2 + sum(name.startswith("POLYAXON_") for name in names)
        own = f" + {len(state.resolved.env)} of the file" if state.resolved.env else ""
        found.append(("env", f"PYTHONUNBUFFERED + {ours} POLYAXON_*{own}", False))
        found.append(("user", "you" if local else "the image's", False))
    return found


def _image(image: str, state: State) -> list[Fact]:
    if state.engine is not None and not state.engine.isolated:
        return [("image", f"{image} is not used", True)]
    present = state.engine.base_present if state.engine else None
    note = {True: "here", False: "not here yet: pulled first", None: ""}[present]
    return [("image", image, False), *([("", note, False)] if note else [])]


def _code(state: State) -> list[Fact]:
    tree = state.tree
    if tree is None:
        return [("code", "is being looked at", False)]
    if tree.error:
        return [("code", tree.error, True)]
    local = state.engine is not None and not state.engine.isolated
    place = "a copy" if local else WORKDIR
    text = f"{words.number(tree.files, 'file')}, {words.size(tree.size)} → {place}"
    skipped = [("skipped", words.number(len(tree.skipped), "thing"), False)]
    return [("code", text, False), *(skipped if tree.skipped else [])]


class Facts(Lines):
    """Labels and texts; a text that is too long goes on below itself."""

    def __init__(self) -> None:
        super().__init__()
        self.facts: list[Fact] = []

    def made(self, width: int) -> list[Row]:
        """All rows at this width."""
        rows: list[Row] = []
        gutter = 4 if width >= 40 else 2
        for label, text, look in self.facts:
            for index, part in enumerate(folded(clean_line(text), width - gutter - 8)):
                mark = Piece(
                    ("!" if look and not index else " ").rjust(gutter // 2).ljust(gutter), "warn"
                )
                head = Piece(f"{label if not index else '':<8}", "soft")
                rows.append((mark, head, Piece(part, "warn" if look else "ink")))
        return rows

    def count(self) -> int:
        """The rows at the width that it has."""
        return len(self.made(self.size.width or 44))

    def line(self, index: int, width: int) -> Row:
        """One of them."""
        return self.made(width)[index]


def folded(text: str, width: int) -> list[str]:
    """A text in lines, broken at spaces where there are any."""
    lines, rest = [], text
    while len(rest) > max(8, width):
        at = rest.rfind(" ", 1, max(8, width) + 1)
        at = at if at > 0 else rest.rfind("/", 8, max(8, width)) + 1 or max(8, width)
        lines.append(rest[:at])
        rest = rest[at:].lstrip()
    return [*lines, rest]


class Gets(LeftPane):
    """What the run gets."""

    TITLE = "What the run gets"
    DEFAULT_CSS = "Gets Facts { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__(id="gets")

    def compose(self) -> ComposeResult:
        """Head and facts."""
        yield Bar(self.NUMBER, self.TITLE)
        yield Facts()

    def show(self, state: State, now: float) -> None:
        """Show what is known."""
        view = self.query_one(Facts)
        if (found := facts(state)) != view.facts:
            view.facts = found
            view.renew()
        look = sum(fact[2] for fact in found)
        self.query_one(Bar).note(
            *([("! ", "warn"), (f"{look} to look at", "soft")] if look else [])
        )

    def wanted(self, width: int) -> int:
        """Head and facts."""
        return 1 + len(self.query_one(Facts).made(width))
