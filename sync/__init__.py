"""Bulk CSV and OneRoster file sync into remote learning platforms."""
