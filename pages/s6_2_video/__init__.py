"""Lesson 6.2: video, on the page."""
