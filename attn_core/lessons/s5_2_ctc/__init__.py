"""Lesson 5.2: CTC."""
