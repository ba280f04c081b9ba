"""The errors that pxtui raises on purpose.

PxtuiError                 what is wrong, and a hint that says what to do
├── PolyaxonfileError      the polyaxonfile cannot be used; carries every Problem (exit code 3)
├── EditError              a value cannot be set or saved as asked; nothing was changed
├── ContextError           the project's tree cannot be packed (too big, moved while read)
├── StateError             our own folders cannot be used
├── BadQuery               what was typed is not a pattern to look for
├── SettingsError          a setting has a value that cannot be used (exit code 2)
└── EngineError            the engine refused or failed (exit code 1)
    ├── ImageGoneError     the image of a run was removed
    ├── NoEngine           there is no engine to work with (exit code 4)
    └── EngineLost         the engine went away in the middle: the outcome is unknown
"""

from __future__ import annotations


class PxtuiError(Exception):
    """A failure that was foreseen: `message` says what and where, `hint` what to do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class EditError(PxtuiError):
    """A value cannot be set or saved as asked; nothing was changed."""


class ContextError(PxtuiError):
    """The project's tree cannot be packed as it is."""


class StateError(PxtuiError):
    """Our own folders, outside of every project, cannot be used."""


class SettingsError(PxtuiError):
    """A setting has a value that cannot be used."""


class StartError(PxtuiError):
    """A run cannot be started with what it is to get."""


class EngineError(PxtuiError):
    """The engine refused or failed."""


class NoEngine(EngineError):
    """There is no engine to work with."""


class ImageGoneError(EngineError):
    """The image of a run was removed from the engine."""


class EngineLost(EngineError):
    """The engine went away in the middle, so what became of the job is unknown."""
