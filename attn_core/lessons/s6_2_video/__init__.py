"""Lesson 6.2: video."""
