"""What is said of one row of the form in the second message line, below the panes."""

from __future__ import annotations

from pxtui.logs.text import clean_line
from pxtui.polyaxonfile.reading import Declaration
from pxtui.ui import words
from pxtui.ui.draw import Row, cut, row, width_of
from pxtui.ui.panes.columns import Columns, shown

NAMED = 3
"""Rows that are named one by one."""


def hint(columns: Columns, item: Declaration, width: int) -> Row:
    """Name, type, what the command gets, and what is odd about it; empty for a plain row."""
    if item.path in columns.gone:
        said = row((item.name, "strong b"), (" is taken out of the next run · ", "soft"))
        return (*said, *row(("=", "key b"), (" brings it back", "soft")))
    if item.path in columns.errors:
        return _error(columns, item, width)
    parts = _odd(columns, item)
    earlier = columns.tried.get(item.name, ())
    if not parts and not earlier:
        return ()
    parts = [(item.name, "strong b"), (f"  {item.type}", "soft"), *parts]
    told = [f"{cut(value.text, 24)} #{value.number} {value.glyph}" for value in earlier]
    room = width - width_of(row(*parts)) - 13
    while told and len(" · ".join(told)) > room:
        told.pop()
    return row(*parts, *([(f" · tried {' · '.join(told)}", "soft")] if told else []))


def _error(columns: Columns, item: Declaration, width: int) -> Row:
    """What is wrong, and what to do where there is room for it."""
    problem = columns.errors[item.path]
    head = row(("✗ ", "bad"), (f"{item.name} ", "strong b"))
    message = cut(problem.message, width - width_of(head) - 4)
    told = (*head, *row(message))
    full = (*told, *row((f" · {problem.hint}" if problem.hint else "", "soft")))
    return full if width_of(full) + 4 <= width else told


def _odd(columns: Columns, item: Declaration) -> list[tuple[str, str]]:
    parts: list[tuple[str, str]] = []
    if item.path in columns.conflicts:
        parts.append((" · changed in the file too: ! asks which one stands", "warn"))
    if item.hint:
        parts.append((f" · {clean_line(item.hint)}", "warn"))
    if not item.used:
        parts.append((" · nothing uses it: changing it changes nothing", "warn"))
    base = columns.base.get(item.path)
    if base is None and item.path in columns.edits:
        parts.append((f" · not in {_file(columns, item)} yet", "soft"))
    elif base is not None and base.text != item.text:
        where = f"in {_file(columns, base)}" if base.given else "by default"
        parts.append((f" · {shown(base)} {where}", "soft"))
    if not item.given and item.path not in columns.edits:
        where = "in its place" if columns.in_place else "as its own"
        parts.append((f" · the default of this input: a value is written {where}", "soft"))
    if item.shared:
        name = columns.name_at(item.shared)
        parts.append((f" · follows {name}" if name else " · shared with others", "soft"))
    if names := [d.name for d in columns.declarations if d.shared and d.shared == item.path]:
        parts.append((f" · followed by {listed(names)}", "soft"))
    if not item.editable:
        parts.append((" · e edits it in the editor", "soft"))
    return parts


def _file(columns: Columns, item: Declaration) -> str:
    """The file of a row: by its name where there are several."""
    return clean_line(item.file) if columns.several else "the file"


def listed(names: list[str]) -> str:
    """The names, the first ones one by one: `lr, decay and 2 more`."""
    shown_names = [clean_line(name) for name in names[:NAMED]]
    more = len(names) - len(shown_names)
    return ", ".join(shown_names) + (f" and {words.number(more, 'more', 'more')}" if more else "")
