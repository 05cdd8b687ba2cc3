"""Lesson 2.1's models."""
