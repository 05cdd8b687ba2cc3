"""Lessons 5.1, 5.2 and 5.3's models."""
