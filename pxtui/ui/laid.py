"""A line laid out in rows of a width, and which of its characters stands in which cell."""

from __future__ import annotations

from functools import lru_cache

from rich.cells import cell_len, split_graphemes


@lru_cache(maxsize=256)
def rows_of(text: str, width: int) -> tuple[tuple[int, int], ...]:
    """The characters of each row as (start, end); width 0: all in one row; nothing is left out.

    A row that is full ends after a space, where one stands in its second half.
    """
    if not width or len(text) * 2 <= width or (len(text) <= width and text.isascii()):
        return ((0, len(text)),)
    return _narrow(text, width) if text.isascii() else _wide(text, width)


def folded(text: str, width: int) -> list[str]:
    """A line in its rows; nothing of it is left out."""
    return [text[start:end] for start, end in rows_of(text, width)]


def _narrow(text: str, width: int) -> tuple[tuple[int, int], ...]:
    """Each character takes one cell."""
    rows, at = [], 0
    while len(text) - at > width:
        space = text.rfind(" ", at + width // 2, at + width)
        end = space + 1 if space >= 0 else at + width
        rows.append((at, end))
        at = end
    return (*rows, (at, len(text)))


def _wide(text: str, width: int) -> tuple[tuple[int, int], ...]:
    """What is seen as one character stays together."""
    rows, at, cells = [], 0, 0
    space = space_cells = 0
    for start, end, size in split_graphemes(text)[0]:
        if cells + size > width and start > at:
            after_space = space > at and space_cells > width // 2
            last, taken = (space, space_cells) if after_space else (start, cells)
            rows.append((at, last))
            at, cells = last, cells - taken
        cells += size
        if text[start] == " ":
            space, space_cells = end, cells
    return (*rows, (at, len(text)))


def cell_at(text: str, index: int) -> int:
    """The cell at which a character of a row starts."""
    return index if text.isascii() else cell_len(text[:index])


def index_at(text: str, cell: int) -> int:
    """The character of a row that stands in a cell; its length where the row has ended."""
    if text.isascii():
        return min(max(0, cell), len(text))
    at = 0
    for start, _, size in split_graphemes(text)[0]:
        at += size
        if at > cell:
            return start
    return len(text)
