"""A pipeline's operations: each has a template, and none waits for itself."""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from typing import Any

from pxtui.polyaxonfile.problems import Problem
from pxtui.polyaxonfile.source import Source


def wrong(source: Source) -> Iterator[Problem]:
    """What is wrong with the operations of a pipeline whose keys are right."""
    operations = _maps(source.value.get("ops"))
    templates = [item.get("name") for _, item in _maps(source.value.get("templates"))]
    for at, operation in operations:
        template = operation.get("template")
        name = template.get("name") if isinstance(template, dict) else None
        if name not in templates or name is None:
            message = f"ops.{at}: there is no template {name}" if name else f"ops.{at}: no template"
            hint = "write `template: {name: …}`, and below templates one of that name"
            yield source.problem("E_SCHEMA", message, ("ops", at), hint)
    try:
        TopologicalSorter({str(op.get("name")): _waits_for(op) for _, op in operations}).prepare()
    except CycleError as error:
        names = " → ".join(error.args[1][::-1])
        message = f"the operations wait for each other: {names}"
        yield source.problem("E_CYCLE", message, ("ops",), "take one out of `dependencies`")


def _maps(items: Any) -> list[tuple[int, dict[Any, Any]]]:
    found = enumerate(items) if isinstance(items, list) else ()
    return [(at, item) for at, item in found if isinstance(item, dict)]


def _waits_for(operation: dict[Any, Any]) -> list[str]:
    names = operation.get("dependencies")
    return [str(name) for name in names] if isinstance(names, list) else []
