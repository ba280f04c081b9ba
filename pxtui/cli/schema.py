"""`pxtui schema`: the JSON Schema of polyaxonfiles."""

from __future__ import annotations

import json

import click

from pxtui.polyaxonfile.schema import schema


@click.command("schema")
def command() -> None:
    """Print the JSON Schema of polyaxonfiles: editors check and complete keys with it."""
    click.echo(json.dumps(schema(), indent=1, ensure_ascii=False))
