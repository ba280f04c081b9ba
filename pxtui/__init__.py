"""pxtui: the inner loop of a polyaxonfile in the terminal."""

__version__ = "0.1.0"
