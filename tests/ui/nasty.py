"""Prints files one after another, as a run or a step of a test; it runs alone, wherever that is.

`python -I nasty.py FOLDER` goes on as soon as the last one was seen, `… FOLDER SECONDS LINES` after
a time, with empty lines between them: what is far up cannot be overwritten.
"""

import os
import sys
import time

LIMIT = 60.0


def after(number: int) -> str:
    """What stands in the line after a file."""
    return f"AFTER-{number:03d}-END"


def main() -> None:
    folder = sys.argv[1]
    pause, lines = (float(sys.argv[2]), int(sys.argv[3])) if len(sys.argv) > 2 else (0.0, 0)
    names = sorted(os.listdir(os.path.join(folder, "files")))
    for number, name in enumerate(names):
        with open(os.path.join(folder, "files", name), "rb") as file:
            data = file.read()
        out = memoryview(data + f"\n{after(number)}\n".encode() + b"\n" * lines)
        while out:
            out = out[os.write(1, out) :]
        if pause:
            time.sleep(pause)
            continue
        limit = time.monotonic() + LIMIT
        while not os.path.exists(os.path.join(folder, f"seen-{number}")):
            if time.monotonic() > limit:
                sys.exit(f"{name} was not seen")
            time.sleep(0.01)


if __name__ == "__main__":
    main()
