"""Lesson 1's models."""
