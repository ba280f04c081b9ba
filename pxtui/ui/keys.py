"""The keys that work everywhere, and which of them stand in the footer now."""

from __future__ import annotations

from collections.abc import Iterable

from textual.binding import Binding, BindingType

from pxtui.session.before import step_to_enter
from pxtui.state import State
from pxtui.ui.pane import Pane
from pxtui.ui.panes.build import Build
from pxtui.ui.panes.file import File
from pxtui.ui.panes.next_run import NextRun
from pxtui.ui.panes.run import Run
from pxtui.ui.panes.runs import Runs

BINDINGS: list[BindingType] = [
    Binding("r", "run", "run", id="run", tooltip="Build if needed, then run the values on screen."),
    Binding("b", "build", "build", id="build", tooltip="Build the image now."),
    Binding("s", "stop", "stop", id="stop",
            tooltip="Ask the run to stop, or take a waiting one back; asks you first when it is"
            " older than a minute."),
    Binding("S", "kill", "kill", id="kill", tooltip="Kill the run at once; asks you first."),
    Binding("full_stop", "repeat", "again", id="repeat",
            tooltip="Run again as the newest run, or as the one under the cursor in Runs."),
    Binding("R", "run_here", "run here", id="run-here",
            tooltip="Run the values on screen in this terminal, with its keys (for pdb)."),
    Binding("E", "shell", "shell", id="shell",
            tooltip="A shell in the container of the run that goes on; else in the state before the"
            " step of the build that failed."),
    Binding("a", "attach", "attach", id="attach",
            tooltip="The terminal of the run that goes on (setting tty), to answer what it asks."),
    Binding("w", "watch", "watch", id="watch",
            tooltip="What a changed file leads to: then w off, b build, r build and run, p pause or"
            " go on, o what follows while a run goes."),
    Binding("e", "edit", "edit", id="edit",
            tooltip="Open the polyaxonfile in your editor; on a traceback in a log the file of"
            " yours that it names."),
    Binding("plus", "add", "add a value", id="add",
            tooltip="Add a value that the file does not have: `name: value`."),
    Binding("u", "undo", "undo", id="undo", tooltip="Undo the last change of a value."),
    Binding("U", "redo", "redo", id="redo", tooltip="Redo what was undone."),
    Binding("ctrl+s,f2", "save", "write file", id="save",
            tooltip="Write the changed values to the polyaxonfile, and nothing else."),
    Binding("exclamation_mark", "problem", "next problem", id="problem",
            tooltip="Go to what is to decide, or to the next problem of the file (Enter there"
            " mends it); in a log to its next error."),
    Binding("Y", "share", "share", id="share",
            tooltip="Copy the run in Runs, or the next one, as a command that can be shared."),
    Binding("i,at", "inspect", "inspect", id="inspect",
            tooltip="Show everything of a run: what it ran with, what it got and wrote."),
    Binding("L", "load", "load", id="load", tooltip="Load the values of a run into the form."),
    Binding("asterisk", "star", "star", id="star", tooltip="Star a run, or take its star away."),
    Binding("l", "label", "label", id="label", tooltip="Give a run a name."),
    Binding("o", "outputs", "outputs", id="outputs",
            tooltip="Open the folder of what a run wrote, or say where it is and copy that."),
    Binding("delete", "remove", "remove", id="remove",
            tooltip="Take out the value under the cursor (u brings it back); in Runs, remove the"
            " run with its log and outputs: asks you first."),
    Binding("1", "pane('1')", "File", id="pane.file", tooltip="The polyaxonfile."),
    Binding("2", "pane('2')", "Next run", id="pane.next-run", tooltip="The next run's values."),
    Binding("3", "pane('3')", "Build", id="pane.build", tooltip="Steps and log of the build."),
    Binding("4", "pane('4')", "Run", id="pane.run", tooltip="The log of a run."),
    Binding("5", "pane('5')", "Watch", id="pane.watch", tooltip="Watch mode and what happened."),
    Binding("6", "pane('6')", "Runs", id="pane.runs", tooltip="The runs of this project."),
    Binding("slash", "find", "find", id="log.find",
            tooltip="Find a text or pattern in the log; capitals in it make capitals matter."),
    Binding("ampersand", "filter", "filter", id="log.filter",
            tooltip="Show only the lines of the log with a text or pattern; ! first: without it."),
    Binding("greater_than_sign", "save_log", "save log", id="log.save",
            tooltip="Write the log, or what the filter shows of it, to a file."),
    Binding("M", "mouse", "free mouse", id="mouse",
            tooltip="Leave the mouse to the terminal, or take it back."),
    Binding("n", "next_match(1)", "next match", id="log.next", show=False,
            tooltip="The next match in the log."),
    Binding("N", "next_match(-1)", "match before", id="log.previous", show=False,
            tooltip="The match before."),
    Binding("left_square_bracket", "tab(-1)", "tab before", id="tab.previous",
            tooltip="The tab before."),
    Binding("right_square_bracket", "tab(1)", "next tab", id="tab.next", tooltip="The next tab."),
    Binding("tab", "app.focus_next", "next pane", id="pane.next", tooltip="The next pane."),
    Binding("shift+tab", "app.focus_previous", "pane before", id="pane.previous",
            tooltip="The pane before."),
    Binding("z", "zoom", "zoom", id="zoom", tooltip="Give the focused pane the whole screen."),
    Binding("colon,ctrl+p", "palette", "commands", id="palette",
            tooltip="Type what to do; :w writes the file, :q quits."),
    Binding("question_mark,f1", "help", "help", id="help", tooltip="The keys that work here."),
    Binding("q", "leave", "quit", id="quit",
            tooltip="Leave find or zoom; at the top quit, asking about a live run."),
    Binding("ctrl+q", "quit", "quit now", id="quit-now", tooltip="Quit without a question.",
            priority=True),
    Binding("ctrl+c", "how_to_quit", "how to quit", id="how-to-quit", show=False,
            tooltip="Says how to quit."),
]  # fmt: skip

ALIASES = {
    **{"save": "w", "quit": "q", "quit-now": "q!", "edit": "e", "run": "r", "build": "b"},
    "shell": "shell-before",
}
"""What can be typed in the palette for a command."""


def footer(state: State, pane: Pane | None) -> Iterable[tuple[str, str]]:
    """Ids of the bindings that matter now, the most important first, and a word for each."""
    if isinstance(pane, NextRun) and state.reading is not None:
        yield "form.change", "change"
    if isinstance(pane, File) and pane.problem is not None:
        yield "file.mend", "mend"
    if isinstance(pane, Build | Run) and pane.log_part.view.selecting:
        yield from (("select.copy", "copy"), ("select.other-end", "other end"))
        yield from (("select.leave", "leave"), ("log.find", "find"), ("help", "help"))
        return
    if isinstance(pane, Runs):
        yield from _for_runs(pane)
    if state.no_file is None:
        yield "run", "run / queue" if state.runs else "run"
        yield "build", "build"
    if isinstance(pane, Build) and step_to_enter(state) is not None:
        yield "shell", "shell"
    waiting = isinstance(pane, Runs) and pane.selected is not None and pane.selected.wait
    if not waiting and (state.runs or state.building or state.queue):
        yield "stop", "stop"
    if state.no_file is None:
        yield "watch", "watch"
        yield "edit", "edit"
    if isinstance(pane, Build | Run):
        yield "log.find", "find"
        yield "log.filter", "filter"
        yield "log.follow", "follow"
    if state.conflicts or any(not need.decided for need in state.needs):
        yield "problem", "decide"
    elif isinstance(pane, Build | Run):
        yield "problem", "next error"
    elif state.reading is not None and state.reading.problems:
        yield "problem", "next problem"
    if isinstance(pane, NextRun) and state.reading is not None:
        yield "add", "add"
    yield "zoom", "zoom"
    yield "palette", "commands"
    yield "help", "help"
    yield "quit", "quit"


def _for_runs(pane: Runs) -> Iterable[tuple[str, str]]:
    run = pane.selected
    if run is None:
        return
    if run.wait:
        yield "stop", "take back"
        return
    yield "runs.open", "log"
    yield "inspect", "inspect"
    yield "repeat", "again"
    yield "load", "load"
    if run.outputs:
        yield "outputs", "outputs"
    yield "star", "unstar" if run.starred else "star"
    yield "share", "share"
