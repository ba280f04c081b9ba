"""Figures, measured beside a peer in the same run: `python -m tests.benchmarks`."""
