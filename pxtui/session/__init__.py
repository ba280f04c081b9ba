"""One project being worked on: the session is the face, the rest of the package its parts."""

from pxtui.session.session import Session

__all__ = ["Session"]
