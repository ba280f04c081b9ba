"""Bytes in words."""

from __future__ import annotations


def size(count: float) -> str:
    """Bytes as the screen writes them: `812 B`, `1.9 MB`, `80 GB`."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            break
        count /= 1000
    return f"{count:.0f} {unit}" if unit == "B" or count >= 10 else f"{count:.1f} {unit}"
