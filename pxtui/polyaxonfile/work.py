"""What is built and run: the filled-in texts of `build` and `run`, each with its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pxtui.polyaxonfile.path import Path, dotted
from pxtui.polyaxonfile.problems import Problem
from pxtui.polyaxonfile.scope import Scope
from pxtui.polyaxonfile.source import Source
from pxtui.polyaxonfile.typed import evaluate, what


@dataclass(frozen=True, slots=True)
class Text:
    """One text: where it stands, as written and filled in."""

    path: Path
    source: str
    text: str


@dataclass(slots=True)
class Work:
    """Fills in what the spec points at; what is wrong stands in `problems`."""

    document: Source
    scope: Scope
    problems: list[Problem] = field(default_factory=list)

    def text(self, path: Path, value: Any = None) -> Text:
        """One text; what is quoted as a whole loses its quotes."""
        value = self.get(path) if value is None else value
        source = value if isinstance(value, str) else str(value)
        text = self.scope.render(path, source) or ""
        literal = evaluate(text)
        return Text(path, source, literal if isinstance(literal, str) else text)

    def list(self, path: Path, of: str) -> Iterator[Text]:
        """The texts of a list."""
        items = self.get(path) if path else []
        if not isinstance(items, list):
            self._wrong(path, f"a list of {of}", items, "start each with `- `")
            return
        for index, item in enumerate(items):
            if isinstance(item, str):
                yield self.text((*path, index))
            else:
                self._wrong((*path, index), "a text", item, "quote it")

    def pairs(self, path: Path) -> Iterator[tuple[Text, Text]]:
        """The pairs of a list: name and value."""
        hint = "write `- [NAME, value]`"
        items = self.get(path) if path else []
        if not isinstance(items, list):
            self._wrong(path, "a list of pairs", items, hint)
            return
        for index, pair in enumerate(items):
            here = (*path, index)
            if not isinstance(pair, list) or len(pair) != 2:
                self._wrong(here, "a pair", pair, hint)
            elif not isinstance(pair[0], str):
                self._wrong((*here, 0), "a name", pair[0], "quote it")
            else:
                yield self.text((*here, 0)), self.text((*here, 1))

    def commands(self, path: Path) -> tuple[Text, ...]:
        """The command, or the commands of a list."""
        value = self.get(path) if path else None
        if isinstance(value, list):
            return tuple(self.list(path, "commands"))
        if path and not isinstance(value, str):
            self._wrong(path, "a command or a list of commands", value)
            return ()
        return (self.text(path),) if path else ()

    def get(self, path: Path) -> Any:
        """The value at a place of the file."""
        value = self.document.value
        for step in path:
            value = value[step]
        return value

    def _wrong(self, path: Path, expected: str, got: Any, hint: str = "") -> None:
        message = f"{dotted(path)}: expected {expected}, not {what(got)}"
        self.problems.append(self.document.problem("E_SCHEMA", message, path, hint))
