"""Lesson 3.3's models."""
