"""Lesson 1: additive attention."""
