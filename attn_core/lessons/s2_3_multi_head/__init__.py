"""Lesson 2.3: multi-head attention."""
