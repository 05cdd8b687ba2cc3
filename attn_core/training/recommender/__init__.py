"""Lesson 6.1's models."""
