"""Lesson 4.1: segmentation."""
