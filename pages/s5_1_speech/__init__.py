"""Lesson 5.1: attention in speech recognition, on the page."""
