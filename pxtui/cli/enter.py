"""`pxtui runs shell` and `pxtui runs attach`: this terminal in a run that goes on."""

from __future__ import annotations

import signal
import sys

import click

from pxtui.cli.known import Known
from pxtui.cli.options import FAILED, NO_ENGINE, USAGE, Where, say, where_options
from pxtui.errors import EngineError
from pxtui.history import Record
from pxtui.logs import tail
from pxtui.logs.text import clean_line


@click.command("shell")
@where_options
@click.argument("run", default="last")
@click.pass_context
def shell(ctx: click.Context, where: Where, run: str) -> None:
    """A shell in the container of RUN (a number, an id, or `last`); the run goes on."""
    known = Known(where)
    record = known.named(run)
    say(f"a shell in the container of #{record.number}, which goes on · exit ends it")
    ctx.exit(_enter(known, record, as_shell=True))


@click.command("attach")
@where_options
@click.argument("run", default="last")
@click.pass_context
def attach(ctx: click.Context, where: Where, run: str) -> None:
    """The terminal of RUN, with its keys (setting `tty`); ctrl-] lets go, and it goes on."""
    known = Known(where)
    record = known.named(run)
    if not record.as_surroundings().tty:
        say(f"pxtui: #{record.number} has no terminal: tty = true gives the runs one")
        ctx.exit(USAGE)
    say(f"the terminal of #{record.number} · ctrl-] lets go of it, and it goes on")
    sys.stdout.write(tail.read(known.places.run(record.id)).last_line)
    sys.stdout.flush()
    ctx.exit(_enter(known, record, as_shell=False))


def _enter(known: Known, record: Record, *, as_shell: bool) -> int:
    """Lend the terminal; the exit code of the shell, or what went wrong."""
    engine = known.engine(record)
    if engine is None:
        say(f"pxtui: {clean_line(record.engine)} does not answer")
        return NO_ENGINE
    got: list[int] = []
    try:
        lent = engine.enter(record.id, as_shell=as_shell)

        def leave(number: int, _frame: object) -> None:
            got.append(number)
            lent.close()

        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, leave)
        ended = lent.wait()
    except EngineError as error:
        say(f"pxtui: {clean_line(str(error))}")
        return FAILED
    if got:
        return 128 + got[0]
    if ended.message:
        say(f"pxtui: {clean_line(ended.message)}")
        return FAILED
    return ended.exit_code or 0
