"""Lesson 1: additive attention, on the page."""
