"""Measurements: ratios of things timed side by side, each in a process of its own."""
