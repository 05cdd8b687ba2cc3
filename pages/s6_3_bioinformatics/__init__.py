"""Lesson 6.3: bioinformatics, on the page."""
