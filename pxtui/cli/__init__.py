"""The command line: one listener of the session's events, one file a command."""
