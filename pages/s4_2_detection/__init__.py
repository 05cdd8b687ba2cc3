"""Lesson 4.2: detection, on the page."""
