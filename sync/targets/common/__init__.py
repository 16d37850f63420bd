"""What several kinds of remote systems have in common; each picks what it needs."""
