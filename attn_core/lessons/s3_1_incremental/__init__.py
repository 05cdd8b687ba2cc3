"""Lesson 3.1: incremental attention."""
