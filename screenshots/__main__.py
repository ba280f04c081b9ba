"""Rebuild every picture: `python -m screenshots`."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path

os.environ["TZ"] = "UTC"

from tests.ui.scenes import PICTURES, render

HERE = Path(__file__).parent


def main() -> None:
    for name in sys.argv[1:] or PICTURES:
        with tempfile.TemporaryDirectory() as folder:
            (HERE / f"{name}.svg").write_text(asyncio.run(render(name, Path(folder))))
        print(name)


main()
