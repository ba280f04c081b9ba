"""The one-row field in which a person types; it does not blink."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from textual import events
from textual.geometry import Size
from textual.reactive import Reactive
from textual.widgets import Input

from pxtui.logs.text import clean_line


class Field(Input):
    """An Input of one row without a frame."""

    DEFAULT_CSS = """
    Field {
        height: 1; border: none; padding: 0;
        background: $px-tint; color: $px-strong;
        &:focus { border: none; background-tint: transparent; }
        & > .input--placeholder { color: $px-soft; text-style: none; }
        & > .input--cursor { background: $px-key; color: $px-ground; text-style: none; }
        & > .input--selection { background: $px-hair; color: $px-strong; }
    }
    """

    virtual_size: Reactive[Size] = Reactive(Size(0, 0))
    """As in Textual, but that a longer text does not lay the whole screen out at each key."""

    def __init__(
        self,
        entered: Callable[[str], Awaitable[None]],
        *,
        name_id: str | None = None,
        placeholder: str = "",
    ) -> None:
        """`entered` gets what was typed when Enter comes, before the next key is looked at."""
        # The focus is told later than keys come: a text is selected by whoever opens the field.
        super().__init__(id=name_id, placeholder=placeholder, compact=True, select_on_focus=False)
        self.cursor_blink = False
        self._entered = entered

    def takes(self, event: events.Key | events.Paste) -> bool:
        """Put what is typed or pasted where the cursor is."""
        if isinstance(event, events.Key):
            # what joins or varies characters is typed too, though nothing of it is printed
            text = event.character if clean_line(event.character or "") == event.character else None
        else:
            text = next(iter(event.text.splitlines()), None)
        if text:
            self.replace(text, *self.selection)
        return bool(text)

    async def action_submit(self) -> None:
        """Hand over what was typed."""
        await self._entered(self.value)

    def validate_value(self, value: str) -> str:
        """What is pasted is only text too."""
        return clean_line(value)
