"""Lesson 6.1: recommendation, on the page."""
