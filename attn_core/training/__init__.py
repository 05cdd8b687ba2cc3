"""One command per checkpoint."""
