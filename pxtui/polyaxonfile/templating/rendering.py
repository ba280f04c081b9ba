"""One template of the file → its text, within limits, with what is wrong said at its place."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from pxtui.errors import PxtuiError
from pxtui.polyaxonfile import templating
from pxtui.polyaxonfile.path import Path, dotted
from pxtui.polyaxonfile.problems import Problem
from pxtui.polyaxonfile.source import Source
from pxtui.polyaxonfile.templating import TemplateProblem, faults
from pxtui.polyaxonfile.templating.undefined import Undefined, missing, undefined

MAX_RENDERED = 512 * 1024
"""Characters of all rendered texts together: each is read again as a Python literal."""
MAX_SAFE_TEMPLATES = 300
MAX_PROBLEMS = 100
"""Problems of templates that are told one by one."""


class Dear(PxtuiError):
    """A template that may need more time or memory than this process has; `path` is its place."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"the template at {dotted(path)} may be dear")
        self.path = path


class Renderer:
    """Renders the templates of one file.

    `trusted` are templates that may cost what they like (in a child with limits); otherwise Dear is
    raised at the first that may be dear. Where `render` is false, none is rendered.
    """

    def __init__(self, document: Source, *, render: bool = True, trusted: bool = True) -> None:
        self.problems: list[Problem] = []
        self.renders = render
        self._document = document
        self._trusted = trusted
        self._left = MAX_RENDERED
        self._seen: set[str] = set()

    def anew(self) -> Renderer:
        """One with the same limits that has rendered nothing yet."""
        return Renderer(self._document, render=self.renders, trusted=self._trusted)

    def rendered(self, source: str, path: Path, values: Mapping[str, Any]) -> str | None:
        """What a template makes of the values; None where it cannot be rendered, and said."""
        if not self.renders:
            return None
        if not self._trusted and templating.is_dear(source):
            raise Dear(path)
        try:
            text = templating.render(source, values)
        except TemplateProblem as error:
            at = faults.where_failing(source, partial(templating.render, values=values))
            self.complain(error.code, error.message, path, error.hint, at=at, of=source)
            return None
        self._left -= len(text)
        if self._left < 0:
            message = f"all templates together are longer than {MAX_RENDERED:,} characters"
            self.complain("E_TEMPLATE_LIMIT", message, path)
            return None
        return text

    def is_sound(
        self,
        source: str,
        path: Path,
        values: Mapping[str, Any],
        *,
        is_written: bool = True,
    ) -> bool:
        """Whether a template parses and every name that it uses is there; says what is not."""
        if not (self._trusted and self.renders):
            self._seen.add(source)
        if len(self._seen) > MAX_SAFE_TEMPLATES:
            if self.renders:
                raise Dear(path)
            return False  # nothing is rendered: it is said why
        try:
            template = templating.parse(source)
        except TemplateProblem as error:
            at = faults.where_unreadable(source)
            self.complain(error.code, error.message, path, error.hint, at=at, of=source)
            return False
        absent = [*missing(template, values)]
        for use in absent[: MAX_PROBLEMS - len(self.problems)]:
            one = undefined(use, template, values)
            self._say_undefined(one, source, path, is_written=is_written)
        return not absent

    def _say_undefined(self, one: Undefined, source: str, path: Path, *, is_written: bool) -> None:
        found = faults.where_used(source, one.use)
        message = one.message if is_written else f"{one.message} (in what the template makes)"
        fix: tuple[tuple[Path, str | None], ...] = ()
        if found and found[0] < found[1] and one.meant and self._document.text(path) == source:
            fix = ((path, source[: found[0]] + one.meant + source[found[1] :]),)
        at = found[0] if found else None
        self.complain("E_UNDEFINED", message, path, one.hint, at=at, of=source, fix=fix)

    def complain(
        self,
        code: str,
        message: str,
        path: Path,
        hint: str = "",
        *,
        of_key: bool = False,
        at: int | None = None,
        of: str = "",
        fix: tuple[tuple[Path, str | None], ...] = (),
    ) -> None:
        """Add a problem; `at` counts only where `of` is what the file has there."""
        if len(self.problems) >= MAX_PROBLEMS:
            return
        if at is not None and self._document.text(path) != of:
            at = None
        one = self._document.problem(code, message, path, hint, of_key=of_key, at=at, fix=fix)
        self.problems.append(one)
