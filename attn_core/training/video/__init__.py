"""Lesson 6.2's models."""
