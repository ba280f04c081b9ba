"""The mouse, handed to the terminal (which selects and copies by itself) and taken back."""

from __future__ import annotations

from typing import Any

from textual.app import App


def handed_over(app: App[int]) -> bool | None:
    """Hand the mouse to the terminal, or take it back: whether the terminal has it now.

    None: this terminal's driver cannot. The driver's own mark keeps it so over an editor.
    """
    driver: Any = app._driver
    if not hasattr(driver, "_disable_mouse_support") or not hasattr(driver, "_mouse"):
        return None
    if driver._mouse:
        app.capture_mouse(None)
        driver._disable_mouse_support()
        driver._mouse = False
    else:
        driver._mouse = True
        driver._enable_mouse_support()
    return not driver._mouse
