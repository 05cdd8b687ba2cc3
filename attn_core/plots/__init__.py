"""Numbers and labels to figures; pure."""
