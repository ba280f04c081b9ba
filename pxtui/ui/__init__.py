"""The terminal app: panes and dialogs that show the session's State and pass keys on to it."""
