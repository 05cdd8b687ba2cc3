"""Lesson 6.3's models."""
