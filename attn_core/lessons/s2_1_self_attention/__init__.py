"""Lesson 2.1: self-attention."""
