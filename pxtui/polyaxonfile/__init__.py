"""Text of a polyaxonfile → values; pure."""
