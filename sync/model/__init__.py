"""The nouns of roster-sync: frames and frozen dataclasses, no files, no network."""
