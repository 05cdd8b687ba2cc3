"""One thin page per lesson."""
