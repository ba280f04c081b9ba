"""A run in the person's terminal: keys, sizes and signals as in a shell, and all in its log."""

from __future__ import annotations

import base64
import pickle
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import pexpect
import pytest

from pxtui import places
from pxtui.run import RunSpec
from tests.engine.conftest import Private, Workshop, wait_for

pytestmark = pytest.mark.engine

Screen: TypeAlias = "pexpect.spawn[bytes]"

IMAGE = "python:3.11-slim"
DRIVER = """
import pickle, sys
from pathlib import Path
from pxtui.engine.docker import DockerEngine

class Log:
    def write(self, data, stream):
        with open(sys.argv[2], "ab") as file:
            file.write(data)

found, spec = pickle.loads(Path(sys.argv[1]).read_bytes())
job = DockerEngine(found).run(spec, Log())
if sys.argv[3:]:
    import signal
    signal.signal(signal.SIGTERM, lambda *_: job.close())
print("END", job.wait())
"""
SCRIPT = """
breakpoint()
name = input("name? ")
print(name * 2)
input()
import os
os.system("stty size")
raise SystemExit(5)
"""


def python(script: str) -> str:
    """A command that runs this script once the terminal has its size."""
    text = base64.b64encode(script.encode()).decode()
    sized = 'until [ "$(stty size 2>&1)" = "33 111" ]; do :; done'
    return f"echo {text} | base64 -d >/tmp/a.py; {sized}; python /tmp/a.py"


def containers(shop: Workshop) -> list[str]:
    return shop.docker("ps", "-q", "--filter", f"label=pxtui.project={shop.project}").split()


class Person:
    """Somebody in a terminal of 111 columns and 33 lines."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log"

    def runs(self, shop: Workshop, spec: RunSpec, *words: str) -> Screen:
        """The run alone, by a small program."""
        (self.folder / "spec").write_bytes(pickle.dumps((shop.found, replace(spec, tty=True))))
        return self.types("-c", DRIVER, str(self.folder / "spec"), str(self.log), *words)

    def types(self, *argv: str) -> Screen:
        """Python with these arguments in the terminal."""
        self.screen: Screen = pexpect.spawn(
            sys.executable, [*argv], dimensions=(33, 111), timeout=30, encoding=None
        )
        self.before = self.modes
        return self.screen

    @property
    def modes(self) -> list[object]:
        return termios.tcgetattr(self.screen.child_fd)[:4]

    @property
    def is_raw(self) -> bool:
        return not termios.tcgetattr(self.screen.child_fd)[3] & termios.ICANON


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    one = Person(tmp_path)
    yield one
    one.screen.close(force=True)


def test_a_debugger_and_input_work(shop: Workshop, person: Person) -> None:
    screen = person.runs(shop, shop.spec(python(SCRIPT), IMAGE))
    screen.expect(r"\(Pdb\) ")
    screen.sendline("p 6 * 7")
    screen.expect("42\r\n")
    screen.sendline("continue")
    screen.expect(r"name\? ")
    screen.send("ab\r")
    screen.expect("abab\r\n")
    screen.setwinsize(20, 70)
    size = ("exec", *containers(shop), "stty", "-F", "/dev/pts/0", "size")
    wait_for(lambda: shop.docker(*size) == "20 70")
    screen.send("\r")
    screen.expect("20 70\r\n")
    screen.expect(r"END Outcome\(result='failed', exit_code=5")
    assert person.modes == person.before
    assert b"abab" in person.log.read_bytes()
    assert b"20 70" in person.log.read_bytes()


def test_ctrl_c_and_ctrl_p_are_keys_of_the_container(shop: Workshop, person: Person) -> None:
    script = "import sys, tty\ntty.setcbreak(0)\nprint('go')\nprint(ascii(sys.stdin.read(1)))\n"
    wait = "try:\n  input()\nexcept KeyboardInterrupt:\n  print('interrupted')"
    screen = person.runs(shop, shop.spec(python(script + wait), IMAGE))
    screen.expect("go\r\n")
    screen.send("\x10")
    screen.expect(r"'\\x10'")
    screen.send("\x03")
    screen.expect("interrupted\r\n")
    screen.expect("END Outcome.*done")


def test_letting_go_gives_the_terminal_back_at_once(shop: Workshop, person: Person) -> None:
    screen = person.runs(shop, shop.spec("cat", IMAGE), "closes on SIGTERM")
    wait_for(lambda: person.is_raw)
    screen.send("echoed\r")
    screen.expect("echoed\r\nechoed")
    screen.kill(signal.SIGTERM)
    screen.expect("END Outcome.*let go")
    assert person.modes == person.before
    assert containers(shop)


def test_a_killed_engine_leaves_the_terminal_usable(private: Private, person: Person) -> None:
    spec = private.shop.spec("echo up; sleep 60")
    screen = person.runs(private.shop, spec)
    screen.expect("up\r\n")
    wait_for(lambda: person.is_raw)
    private.kill()
    screen.expect("END Outcome.*lost")
    assert person.modes == person.before


def test_a_command_that_cannot_start_leaves_the_terminal(shop: Workshop, person: Person) -> None:
    spec = shop.spec("true", IMAGE)
    screen = person.runs(shop, replace(spec, cmd="nope-there-is-none"))
    screen.expect("END Outcome.*127")
    assert person.modes == person.before


FILE = """
version: 1
kind: experiment
declarations: {api_key: canary-4242}
run:
  image: python:3.11-slim
  cmd: python train.py {{ api_key }}
"""


@pytest.fixture
def words(shop: Workshop) -> tuple[str, ...]:
    (shop.root / "polyaxonfile.yml").write_text(FILE)
    (shop.root / "train.py").write_text(SCRIPT)
    shop.project = places.project_id(shop.root)
    return ("-m", "pxtui", "-C", str(shop.root), "--engine", "docker")


def test_run_tty(shop: Workshop, person: Person, words: tuple[str, ...]) -> None:
    screen = person.types(*words, "run", "--tty")
    screen.expect("● run #1".encode())
    screen.expect(r"\(Pdb\) ")
    assert b"canary" not in bytes(screen.before or b"")
    screen.sendline("continue")
    screen.expect(r"name\? ")
    screen.send("ab\r")
    screen.expect("abab\r\n")
    screen.send("\r")
    screen.expect("run failed in .*exit code 5\r\n")
    screen.expect(pexpect.EOF)
    assert b"abab" not in bytes(screen.before or b"")
    screen.wait()
    assert screen.exitstatus == 5
    log = subprocess.run([sys.executable, *words, "runs", "logs"], capture_output=True, check=True)
    assert b"name? ab\nabab\n" in log.stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_and_gives_the_terminal_back(
    number: signal.Signals, shop: Workshop, person: Person, words: tuple[str, ...]
) -> None:
    screen = person.types(*words, "run", "--tty")
    screen.expect(r"\(Pdb\) ")
    assert person.is_raw
    screen.kill(number)
    wait_for(lambda: not person.is_raw)
    assert person.modes == person.before
    screen.expect(pexpect.EOF)
    screen.wait()
    assert screen.exitstatus == 128 + number
    wait_for(lambda: not containers(shop))


def pxtui(words: tuple[str, ...], *more: str) -> str:
    """What a command of pxtui says, without a terminal."""
    done = subprocess.run([sys.executable, *words, *more], capture_output=True, check=True)
    return done.stdout.decode()


def detached(shop: Workshop, words: tuple[str, ...], script: str) -> None:
    """A run of a script that goes on."""
    (shop.root / "train.py").write_text(script)
    pxtui(words, "run", "--detach")


def test_a_shell_in_a_run_that_goes_on(
    shop: Workshop, person: Person, words: tuple[str, ...]
) -> None:
    detached(shop, words, "import time\nopen('here', 'w')\ntime.sleep(600)\n")
    screen = person.types(*words, "runs", "shell")
    screen.expect(r"a shell in the container of #1, which goes on")
    screen.expect(r"[#$] ")
    assert person.is_raw
    screen.send("ls /code; stty size; exit 7\r")
    screen.expect("here")
    screen.expect("33 111\r\n")
    screen.expect(pexpect.EOF)
    screen.wait()
    assert screen.exitstatus == 7
    assert containers(shop), "the run goes on"
    screen = person.types(*words, "runs", "shell", "1")
    screen.expect(r"[#$] ")
    screen.kill(signal.SIGHUP)
    screen.expect(pexpect.EOF)
    screen.wait()
    assert screen.exitstatus == 128 + signal.SIGHUP
    shop.docker("kill", *containers(shop))
    screen = person.types(*words, "runs", "shell")
    screen.expect("this run does not go on: there is nothing to enter")
    screen.expect(pexpect.EOF)
    screen.wait()
    assert screen.exitstatus == 1


def test_what_a_run_asks_is_answered_in_its_terminal(
    shop: Workshop, person: Person, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    # the engine keeps whole lines only: a prompt without an end is on the screen, not in its log
    script = "for n in range(2):\n    print('name?')\n    print(input() * 2)\n"
    detached(shop, words, script)
    screen = person.types(*words, "runs", "attach")
    screen.expect("#1 has no terminal: tty = true gives the runs one")
    screen.expect(pexpect.EOF)
    screen.wait()
    assert screen.exitstatus == 2
    monkeypatch.setenv("PXTUI_TTY", "true")
    detached(shop, words, script)
    wait_for(lambda: "name?" in pxtui(words, "runs", "logs"))
    screen = person.types(*words, "runs", "attach")
    screen.expect(r"the terminal of #2 · ctrl-\] lets go of it, and it goes on".encode())
    screen.expect(r"name\?")
    wait_for(lambda: person.is_raw)
    screen.send("ab\r")
    screen.expect("abab\r\n")
    screen.expect(r"name\?")
    screen.send("\x1d")
    screen.expect(pexpect.EOF)
    screen.wait()
    assert screen.exitstatus == 0
    assert containers(shop), "the run goes on"
    screen = person.types(*words, "runs", "attach")
    screen.expect(r"name\?")
    wait_for(lambda: person.is_raw)
    screen.send("cd\r")
    screen.expect("cdcd\r\n")
    screen.expect(pexpect.EOF)
    wait_for(lambda: "done" in pxtui(words, "runs", "list"))
    assert "name?\nab\nabab\nname?\ncd\ncdcd\n" in pxtui(words, "runs", "logs")
