"""Lessons 4.1 and 4.2's models."""
