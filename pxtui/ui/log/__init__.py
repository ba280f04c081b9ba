"""The log pane: a view of any length that follows, wraps, searches and filters."""
