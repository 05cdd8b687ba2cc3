"""Lesson 4.2: detection."""
