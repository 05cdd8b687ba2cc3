"""Lesson 3.1's models."""
