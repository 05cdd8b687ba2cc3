"""Lesson 3.3: the Transformer, on the page."""
