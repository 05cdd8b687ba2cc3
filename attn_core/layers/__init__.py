"""One idea of attention per file."""
