"""A line laid out in rows of a width, and which of its characters stands in which cell."""

from __future__ import annotations

from rich.cells import cell_len, chop_cells


def rows_of(text: str, width: int) -> list[tuple[int, int]]:
    """The characters of each row as (start, end); width 0: all in one row; nothing is left out."""
    if not width or len(text) * 2 <= width or (len(text) <= width and text.isascii()):
        return [(0, len(text))]
    if not text.isascii():
        return _chopped(text, width)
    rows, at = [], 0
    while len(text) - at > width:
        space = text.rfind(" ", at + width // 2, at + width)
        end = space + 1 if space >= 0 else at + width
        rows.append((at, end))
        at = end
    return [*rows, (at, len(text))]


def _chopped(text: str, width: int) -> list[tuple[int, int]]:
    rows, at = [], 0
    for part in chop_cells(text, width):
        rows.append((at, at + len(part)))
        at += len(part)
    return rows or [(0, 0)]


def cell_at(text: str, index: int) -> int:
    """The cell at which a character of a row starts."""
    return index if text.isascii() else cell_len(text[:index])


def index_at(text: str, cell: int) -> int:
    """The character of a row that stands in a cell; its length where the row has ended."""
    if text.isascii():
        return min(max(0, cell), len(text))
    for index in range(len(text)):
        if cell_len(text[: index + 1]) > cell:
            return index
    return len(text)
