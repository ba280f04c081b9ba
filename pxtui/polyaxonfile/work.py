"""What is built and run: the filled-in texts of `build` and `run`, each with its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pxtui.polyaxonfile.path import Path, dotted
from pxtui.polyaxonfile.problems import Problem
from pxtui.polyaxonfile.source import Source
from pxtui.polyaxonfile.templating.operators import Operators, Piece, Pieces
from pxtui.polyaxonfile.templating.scope import Scope
from pxtui.polyaxonfile.typed import evaluate, what

_NUMBERS = (int, float)


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

    def text(self, path: Path, of: str = "a text") -> Text:
        """One text; what is quoted as a whole loses its quotes."""
        made = self._made(path) if path else None
        if made is None:
            return Text(path, "", "")
        if isinstance(made, Pieces) or not isinstance(made.value, str):
            self._wrong(made.path, of, _got(made))
            return Text(path, "", "")
        return self._text(made, of)

    def list(self, path: Path, of: str = "commands") -> Iterator[Text]:
        """The texts of a list."""
        made = self._made(path) if path else None
        if made is None or (isinstance(made, Piece) and made.value is None):
            return
        if isinstance(made, Piece) and isinstance(made.value, str):
            yield from self._listed(made, of)
        elif isinstance(made, Piece):
            self._wrong(made.path, f"a list of {of}", made.value, "start each with `- `")
        else:
            yield from self._texts(made)

    def pairs(self, path: Path) -> Iterator[tuple[Text, Text]]:
        """The pairs of a list: name and value."""
        hint = "write `- [NAME, value]`"
        made = self._made(path) if path else None
        if made is None or (isinstance(made, Piece) and made.value is None):
            return
        if isinstance(made, Piece):
            self._wrong(made.path, "a list of pairs", made.value, hint)
            return
        for pair in made.items:
            if isinstance(pair, Piece):
                yield from self._written_pair(pair, hint)
                continue
            if len(pair.items) != 2:
                self._wrong(pair.path, "a pair", [], hint)
                continue
            name, value = pair.items
            if isinstance(name, Piece) and isinstance(name.value, (*_NUMBERS, str)):
                yield self._any_text(name), self._any_text(value)
            else:
                self._wrong(name.path, "a name", _got(name), "quote it")

    def commands(self, path: Path) -> tuple[Text, ...]:
        """The command, or the commands of a list."""
        made = self._made(path) if path else None
        if made is None or (isinstance(made, Piece) and made.value is None):
            if made and made.path[-1:] == ("if",):
                message = "the condition is false and there is no else_do: there is no command"
                problem = self.document.problem("W_NOT_RUNNABLE", message, made.path, of_key=True)
                self.problems.append(problem)
            return ()
        if isinstance(made, Pieces):
            return tuple(self._texts(made))
        if not isinstance(made.value, str):
            self._wrong(made.path, "a command or a list of commands", made.value)
            return ()
        found = self._any_text(made)
        literal = evaluate(found.text)
        if isinstance(literal, list | tuple):
            return tuple(self._listed(made, "commands"))
        return (self._text(made, "a command"),)

    def get(self, path: Path) -> Any:
        """The value at a place of the file."""
        value = self.document.value
        for step in path:
            value = value[step]
        return value

    def _made(self, path: Path) -> Piece | Pieces | None:
        operators = Operators(self.document, self.scope)
        made = operators.expanded(path, self.get(path))
        self.problems += operators.problems
        return made

    def _texts(self, made: Pieces) -> Iterator[Text]:
        for item in made.items:
            if isinstance(item, Pieces):
                hint = "a `for` stands for the whole list, not for one of its items"
                operator = item.path[-1] == "for"
                self._wrong(item.path, "a text", [], hint if operator else "")
            elif item.value is None and item.path[-1] == "if":
                hint = "give it an `else_do`, e.g. `else_do: 'true'`"
                self._wrong(item.path, "a text", None, hint)
            elif isinstance(item.value, str):
                yield self._text(item)
            else:
                self._wrong(item.path, "a text", item.value, "quote it")

    def _any_text(self, piece: Piece | Pieces) -> Text:
        """A value as text, whatever it is."""
        if isinstance(piece, Pieces):
            text = str([evaluate(self._any_text(one).text) for one in piece.items])
            return Text(piece.path, text, text)
        source = piece.value if isinstance(piece.value, str) else str(piece.value)
        return Text(piece.path, source, self.scope.render(piece.path, source, piece.names) or "")

    def _text(self, piece: Piece, of: str = "a text") -> Text:
        """A text; Polyaxon read each as a Python literal, and took none that is not text then."""
        found = self._any_text(piece)
        literal = evaluate(found.text)
        if not isinstance(literal, str):
            self._wrong(piece.path, of, literal, "Polyaxon reads the text as that")
        return Text(found.path, found.source, literal if isinstance(literal, str) else found.text)

    def _listed(self, piece: Piece, of: str) -> Iterator[Text]:
        """The items of a list that a template made."""
        found = self._any_text(piece)
        literal = evaluate(found.text)
        if not isinstance(literal, list | tuple):
            if self.scope.is_sound(piece.path):
                self._wrong(piece.path, f"a list of {of}", found.text, "start each with `- `")
            return
        for item in literal:
            if isinstance(item, str):
                yield Text(found.path, found.source, item)
            else:
                self._wrong(piece.path, "a text", item)

    def _written_pair(self, piece: Piece, hint: str) -> Iterator[tuple[Text, Text]]:
        """A pair that is written as text: `('A', 'b')`."""
        found = self._any_text(piece) if isinstance(piece.value, str) else None
        literal = evaluate(found.text) if found else None
        if found and isinstance(literal, list | tuple) and len(literal) == 2:
            name, value = (Text(found.path, found.source, str(one)) for one in literal)
            yield name, value
        else:
            self._wrong(piece.path, "a pair", piece.value, hint)

    def _wrong(self, path: Path, expected: str, got: Any, hint: str = "") -> None:
        message = f"{dotted(path)}: expected {expected}, not {what(got)}"
        self.problems.append(self.document.problem("E_SCHEMA", message, path, hint))


def _got(made: Piece | Pieces) -> Any:
    return [] if isinstance(made, Pieces) else made.value
