"""Lesson 4.1: segmentation, on the page."""
