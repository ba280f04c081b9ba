"""Our log view beside Textual's Log and RichLog, toolong, lazydocker, `cat` and a plain copy.

`python -m tests.benchmarks.logs [--lines N] [--only PART …]`; with `--lines 10000000` (1 GB) it is
the whole of what is promised. toolong and lazydocker come into an environment of their own; what
cannot be had is said and left out. Peers take turns with us, and nothing is asserted.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks import logs_keys, logs_lazydocker, logs_pane, logs_store
from tests.benchmarks.logs_table import Table, needs

PARTS: dict[str, Callable[[Path, int, Table], None]] = {
    "cpu": logs_pane.cpu,
    "store": logs_store.store,
    "pane": logs_pane.pane,
    "keys": logs_keys.keys,
    "lazydocker": logs_lazydocker.lazydocker,
}


def main() -> None:
    """All parts, or those that are named; the table at the end."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.logs")
    parser.add_argument("--lines", type=int, default=2_000_000, help="of the large log")
    parser.add_argument("--only", choices=PARTS, action="append", help="a part; may be repeated")
    given = parser.parse_args()
    table = Table()
    with tempfile.TemporaryDirectory(dir=os.environ.get("PXTUI_BENCHMARK_DIR")) as name:
        for kind in ("STATE", "CACHE", "CONFIG"):
            os.environ[f"XDG_{kind}_HOME"] = str(Path(name) / "home" / kind)
        for part in given.only or PARTS:
            with needs(part, table):
                print(f"… {part}", file=sys.stderr, flush=True)
                PARTS[part](Path(name), given.lines, table)
    table.show()


if __name__ == "__main__":
    main()
