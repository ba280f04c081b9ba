"""Places in a polyaxonfile, and what is to stand there instead."""

from __future__ import annotations

from collections.abc import Mapping

Path = tuple[str | int, ...]
"""Where a value stands in the file: keys and indices, e.g. `("declarations", "lr")`."""

Edits = Mapping[Path, str | None]
"""The working set's changes: a path and the text that the person typed there.

Where the file has nothing at the path, the value is added; None takes out what stands there.
Indices are those of the file before any of the edits; one after the last adds to the list.
"""


def dotted(path: Path) -> str:
    """A place as people write it: `run.steps.0`."""
    return ".".join(map(str, path))
