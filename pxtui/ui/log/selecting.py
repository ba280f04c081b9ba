"""Selecting in a log by keys and by mouse, and copying what is selected."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType

from pxtui.ui import words
from pxtui.ui.copying import copy_pieces
from pxtui.ui.draw import Row, row
from pxtui.ui.log import moves, texts
from pxtui.ui.log.mouse import Dragging
from pxtui.ui.log.moving import KEYS
from pxtui.ui.log.place import Shown
from pxtui.ui.log.rows import Part
from pxtui.ui.log.selection import At, Selection, cluster
from pxtui.ui.log.shown import SomeLines

SELECTED, CURSOR = "strong @hair", "ground @key"
PASSED = {
    *(str(number) for number in range(1, 7)), "slash", "n", "N", "ampersand", "question_mark",
    "colon", "exclamation_mark", "greater_than_sign", "left_square_bracket", "M", "z",
    "right_square_bracket",
}  # fmt: skip
"""Keys of the app that mean the same while something is selected; others wait."""


def _key(keys: str, action: str, name: str, tooltip: str) -> Binding:
    return Binding(keys, f"select_{action}", name, id=f"select.{name.replace(' ', '-')}",
                   show=False, tooltip=tooltip)  # fmt: skip


SELECTING: list[BindingType] = [
    _key("y,enter", "copy", "copy", "Copy what is selected."),
    _key("o", "swap", "other end", "Move the other end."),
    _key("escape,q", "leave", "leave", "Select nothing."),
    _key("left,h", "move('left')", "left", "A character to the left."),
    _key("right,l", "move('right')", "right", "A character to the right."),
    _key("up,k", "rows(-1)", "up", "A row up."),
    _key("down,j", "rows(1)", "down", "A row down."),
    _key("w", "move('word')", "word", "The next word."),
    _key("b", "move('word_back')", "word back", "The word before."),
    _key("0,home", "move('start')", "line start", "The start of the line."),
    _key("circumflex_accent", "move('text_start')", "text start", "The line's first character."),
    _key("dollar_sign,end", "move('end')", "line end", "The end of the line."),
    _key("g", "move('top')", "first line", "The first line."),
    _key("G", "move('bottom')", "last line", "The last line."),
    _key("pageup,ctrl+b", "pages(-1)", "page up", "A page up."),
    _key("pagedown,ctrl+f", "pages(1)", "page down", "A page down."),
    Binding("ctrl+c", "selected_copy", "copy", id="log.copy-selected", show=False,
            tooltip="Copy what is selected."),
    Binding("v", "select(False)", "select", id="log.select",
            tooltip="Select by characters, from what was found or from the top on."),
    Binding("V", "select(True)", "select lines", id="log.select-lines", tooltip="Select lines."),
    Binding("y", "copy", "copy", id="log.copy",
            tooltip="Copy what is selected, else the line that was found, else the last one."),
]  # fmt: skip


class SelectingView(Dragging):
    """A log in which text can be selected; by keys: until it is copied or left."""

    BINDINGS: ClassVar[list[BindingType]] = [*SELECTING, *KEYS]

    def __init__(self) -> None:
        super().__init__()
        self.selecting = False
        """The keys move the cursor of the selection."""
        self._cell = 0
        """The cell that the cursor keeps to while it goes over shorter rows."""
        self.decorate = self._set_off

    @property
    def shown(self) -> Shown:
        """The lines through which the cursor moves, see `moves.Page`."""
        return self.place.shown

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The keys of a selection are its own while it goes on."""
        if action.startswith("select_"):
            return self.selecting
        if action == "selected_copy":
            return self.selection is not None
        return super().check_action(action, parameters)

    def takes(self, event: events.Key | events.Paste) -> bool:
        """No key of the app acts by mistake while something is selected; Esc selects nothing."""
        if not isinstance(event, events.Key) or self.selection is None:
            return False
        if event.key == "escape" and not self.selecting:
            self.select(None)
            return True
        is_own = event.key in self._bindings.key_to_bindings or event.key in PASSED
        return self.selecting and not is_own and (event.is_printable or event.key == "delete")

    def select(self, selection: Selection | None) -> None:
        """Select this, or nothing; by keys no longer."""
        super().select(selection)
        self.selecting = False
        self.renew()

    def renew(self) -> None:
        """Lines may have been taken back."""
        if self.selection is not None:
            self.selection = self.selection.clamped(self.lines.total)
        super().renew()

    def show_line(self, number: int, index: int = 0) -> None:
        """What is found is where the cursor goes."""
        super().show_line(number, index)
        if self.selecting:
            self._go(At(number, index))

    def action_select(self, whole: bool) -> None:
        """Begin to select, or begin anew at the cursor; or change from characters to lines."""
        if self.selection is None or not self.selecting:
            at = self.selection.cursor if self.selection is not None else self._first_at()
            anchor = self.selection.anchor if self.selection is not None else at
        elif whole == self.selection.whole:
            at = anchor = self.selection.cursor
        else:
            anchor, at = self.selection.anchor, self.selection.cursor
        if not self.shown.count:
            self.post_message(self.Said("there is nothing to select"))
            return
        self.place.leave()
        self.selection = Selection(moves.settled(self, anchor), moves.settled(self, at), whole)
        self.selecting = True
        self._go(self.selection.cursor)

    def _first_at(self) -> At:
        """What was found; else the last line while the end is followed; else the first seen."""
        if self.here >= 0:
            query, text = self.look.query, self.text(self.here)
            spans = query.spans(text) if query is not None else ()
            return At(self.here, spans[0][0] if spans else 0)
        rows = self.place.screen()
        if self.follow or not rows:
            return moves.bottom(self, At(0, 0))
        whole = [number for number, part in rows if part == 0]
        return At(whole[0] if whole else rows[0][0], 0)

    def _go(self, at: At, cell: int | None = None) -> None:
        """Put the cursor somewhere, and bring it on the screen."""
        if self.selection is None:
            return
        self.selection = self.selection.to(at)
        self._cell = moves.cell_of(self, at) if cell is None else cell
        self.bring(at)

    def action_select_move(self, name: str) -> None:
        """Move the cursor, see `moves.MOVES`."""
        if self.selection is not None:
            at = moves.MOVES[name](self, self.selection.cursor)
            self._go(at, moves.END if name == "end" else None)

    def action_select_rows(self, by: int) -> None:
        """Move the cursor by rows, in its cell."""
        if self.selection is not None:
            self._go(moves.rows(self, self.selection.cursor, by, self._cell), self._cell)

    def action_select_pages(self, by: int) -> None:
        """Move the cursor by pages."""
        self.action_select_rows(by * max(1, self.place.height - 1))

    def action_select_swap(self) -> None:
        """Move the other end from now on."""
        if self.selection is not None:
            self.selection = self.selection.swapped()
            self._go(self.selection.cursor)

    def action_select_leave(self) -> None:
        """Select nothing."""
        self.select(None)

    def action_select_copy(self) -> None:
        """Copy, and be done."""
        self.action_copy()
        self.select(None)

    def action_copy(self) -> None:
        """Copy what is selected, else the line that was found, else the last one."""
        selection, shown = self.selection, self.shown
        if not shown.count:
            self.post_message(self.Said("there is nothing to copy"))
            return
        if selection is None:
            line = self.here if 0 <= self.here < self.lines.total else shown.line(shown.count - 1)
            selection = Selection(At(line, 0), At(line, 0), whole=True)
        pieces, what = selection.pieces(self._numbered(selection)), self.amount(selection)
        self.run_worker(self._copy(pieces, what), group="copy", exclusive=True)

    def action_selected_copy(self) -> None:
        """Copy what is selected; it stays so."""
        self.action_copy()

    async def _copy(self, pieces: Iterator[str], what: str) -> None:
        self.post_message(self.Said(await copy_pieces(self.app, pieces, what), "good"))

    def _numbered(self, selection: Selection) -> Iterator[tuple[int, str]]:
        """The lines shown from its first to its last, to be read in another thread."""
        first, last, shown = selection.first.line, selection.last.line, self.shown
        if isinstance(shown, SomeLines):
            numbers = shown.numbers[shown.position(first) : shown.position(last + 1)]
            return texts.only(self.lines, numbers)
        return texts.numbered(self.lines, first, last)

    def amount(self, selection: Selection) -> str:
        """How much that is: lines, or characters of one."""
        first, last = selection.first.line, selection.last.line
        if first == last and not selection.whole:
            text = self.text(first)
            start, end = selection.range_in(first, text)
            if end - start < len(text):
                return words.number(end - start, "character")
        return words.number(self.shown.position(last + 1) - self.shown.position(first), "line")

    def _set_off(self, number: int) -> Sequence[Part]:
        """The selected characters of a line, and the cursor; both where there are none too."""
        selection = self.selection
        if selection is None or not selection.first.line <= number <= selection.last.line:
            return ()
        text = self.text(number)
        start, end = selection.range_in(number, text)
        # what goes on in the next line, and an empty one, is seen to be selected
        end += number < selection.last.line or not text
        parts: list[Part] = [(start, end, SELECTED)] if start < end else []
        if self.selecting and number == selection.cursor.line:
            first, last = cluster(text, min(selection.cursor.char, max(0, len(text) - 1)))
            parts.append((first, max(last, first + 1), CURSOR))
        return parts

    def told(self) -> list[Row]:
        """What the foot says while something is selected, in fewer and fewer words."""
        if self.selection is None:
            return [()]
        how = f"{self.amount(self.selection)} selected · "
        copies = row((how, "ink"), ("y", "key b"), (" copies", "soft"))
        leaves = row(*copies, (" · ", "soft"), ("esc", "key b"), (" lets go", "soft"))
        if not self.selecting:
            return [leaves, copies]
        kind = "lines" if self.selection.whole else "characters"
        keys = row((f" · by {kind} · ", "soft"), ("v V", "key b"), (" anew · ", "soft"),
                   ("o", "key b"), (" other end", "soft"))  # fmt: skip
        return [row(*leaves, *keys), leaves, copies]
