"""Lesson 6.1: recommendation."""
