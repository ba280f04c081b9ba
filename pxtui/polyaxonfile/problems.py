"""Every complaint about a polyaxonfile, in one shape."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pxtui.errors import PxtuiError
from pxtui.polyaxonfile.path import Path

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One complaint: what is wrong, where (1-based line and column), and what to do."""

    code: str
    """`E_…` or `W_…`, stable, e.g. `E_SYNTAX`."""
    message: str
    file: str
    line: int = 1
    column: int = 1
    hint: str = ""
    fix: tuple[tuple[Path, str | None], ...] = ()
    """Edits that mend it, as of `Edits`; empty where only the person can."""

    @property
    def severity(self) -> Severity:
        """Error (the file cannot be run) or warning (it can, but look)."""
        return "error" if self.code.startswith("E_") else "warning"

    def __str__(self) -> str:
        end = f" ({self.hint})" if self.hint else ""
        return (
            f"{self.file}:{self.line}:{self.column}: {self.severity}[{self.code}]: "
            f"{self.message}{end}"
        )


class PolyaxonfileError(PxtuiError):
    """A polyaxonfile that cannot be used; `problems` has every reason."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(p) for p in self.problems))
