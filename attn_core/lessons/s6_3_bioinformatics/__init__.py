"""Lesson 6.3: bioinformatics."""
