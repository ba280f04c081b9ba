"""The command `pxtui`: global options, and the commands by name."""

from __future__ import annotations

import contextlib
import errno
import importlib
import sys
from collections.abc import Callable

import click

from pxtui import __version__, debug_log
from pxtui.cli.options import FAILED, Where, fail, no_output, say, where_options
from pxtui.errors import StateError

COMMANDS = {
    "check": "Tell all problems of one or many polyaxonfiles.",
    "show": "Show what would be built and run.",
    "build": "Build the image.",
    "run": "Build if needed, run, and pass the command's exit code on.",
    "watch": "Build and run now and at each change, without a screen.",
    "runs": "List runs, show their logs, remove them.",
    "images": "List the images that pxtui made, with sizes; remove them.",
    "schema": "Print the JSON Schema of polyaxonfiles, for editors.",
    "trust": "List the folders whose projects need no first question; trust or forget one.",
    "doctor": "Tell what is wrong and how to mend it.",
    "demo": "Write the example project, and open it.",
}
"""The commands and what they do; each is the object `command` of pxtui.cli.<name>."""
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Why the output may not be written, though there is someone to read it."""


class Commands(click.Group):
    """Imports a command when it is called: `--help` and `check` stay quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"pxtui.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """From the table, so that help imports nothing."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="pxtui")
@where_options
@click.pass_context
def cli(ctx: click.Context, where: Where) -> None:
    """Work on a polyaxonfile: change values, build the image, run, watch.

    Without a command the app opens in this folder.
    """
    debug_log.start(where.log_level)
    if ctx.invoked_subcommand is not None:
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError(
            "the app needs a terminal; without one use check, show, build, run or watch", ctx
        )
    ctx.exit(where.open_app(where) if where.open_app else 0)


def main(open_app: Callable[[Where], int]) -> None:
    """Run the command line; `open_app` starts the app, which this layer does not know."""
    try:
        cli.main(prog_name="pxtui", obj=Where(open_app=open_app))
    except StateError as error:
        fail(error, FAILED)
    except OSError as error:
        if error.errno not in FULL:
            raise
        with contextlib.suppress(OSError):
            say(f"pxtui: the output cannot be written: {error.strerror}")
        no_output()
        raise SystemExit(FAILED) from None
