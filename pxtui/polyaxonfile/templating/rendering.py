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
from pxtui.polyaxonfile.templating import MAX_CODE, Template, TemplateProblem, faults
from pxtui.polyaxonfile.templating.undefined import Undefined, missing, undefined

MAX_RENDERED = 512 * 1024
"""Characters of all rendered texts together: each is read again as a Python literal."""
MAX_SAFE_CODE = 2_000
"""Words of code in templates that are parsed in this process to be rendered."""
MAX_SAFE_WORK = 5_000
"""Words of code that are rendered in this process, each as often as it is."""
MAX_PROBLEMS = 100
"""Problems of templates that are told one by one."""


MAX_HINTS = 20
"""Missing names for which a near one is looked for."""


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
        self._parsed: dict[str, Template | TemplateProblem] = {}
        self._code = 0
        self._work = 0
        self._is_over = False
        self._most = MAX_CODE if render else MAX_SAFE_CODE
        self._failing: dict[str, int] = {}

    def anew(self) -> Renderer:
        """One with the same limits that has rendered nothing yet."""
        return Renderer(self._document, render=self.renders, trusted=self._trusted)

    def parsed(self, source: str, path: Path = ()) -> Template:
        """A template of the file, to be rendered if a path is given; raises TemplateProblem."""
        found = self._parsed.get(source)
        if found is None:
            found = self._parsed[source] = self._parse(source, path)
        if isinstance(found, TemplateProblem):
            raise found
        return found

    def _parse(self, source: str, path: Path) -> Template | TemplateProblem:
        size = templating.size(source) if self._code <= self._most else 0
        self._code += size
        if self._code > self._most and size <= MAX_CODE:
            message = f"all templates together have more than {MAX_CODE:,} words of code"
            return TemplateProblem("E_TEMPLATE_LIMIT", message)
        if path and self._code > MAX_SAFE_CODE and self.renders and not self._trusted:
            raise Dear(path)
        try:
            return templating.parse(source)
        except TemplateProblem as error:
            return error

    def rendered(self, source: str, path: Path, values: Mapping[str, Any]) -> str | None:
        """What a template makes of the values; None where it cannot be rendered, and said."""
        if not self.renders or self._left < 0:
            return None
        if not self._trusted and templating.is_dear(source):
            raise Dear(path)
        try:
            text = templating.render(source, values)
        except TemplateProblem as error:
            if source not in self._failing:
                renders = partial(templating.render, values=values)
                self._failing[source] = faults.where_failing(source, renders)
            at = self._failing[source]
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
        if self._work > MAX_SAFE_WORK or self._is_over:
            return False  # nothing is rendered: it is said why
        if not (self._trusted and self.renders):
            self._work += templating.size(source)
        if self._work > MAX_SAFE_WORK and self.renders:
            raise Dear(path)
        try:
            template = self.parsed(source, path)
        except TemplateProblem as error:
            self._is_over = self._code > self._most
            if self._is_over and not self.renders:
                return False
            at = 0 if error.code == "E_TEMPLATE_LIMIT" else faults.where_unreadable(source)
            self.complain(error.code, error.message, path, error.hint, at=at, of=source)
            return False
        absent = [*missing(template, values)]
        for use in absent[: MAX_PROBLEMS - len(self.problems)]:
            known = len(self.problems) < MAX_HINTS
            one = undefined(use, template, values, looks=known)
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
