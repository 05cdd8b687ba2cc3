"""Lesson 2.2: positional encoding, on the page."""
