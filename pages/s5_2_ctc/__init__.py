"""Lesson 5.2: CTC, on the page."""
