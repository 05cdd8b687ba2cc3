"""Lesson 3.2: scaled dot-product attention, on the page."""
