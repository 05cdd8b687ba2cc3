"""Lesson 5.3: a recogniser with an attention decoder, on the page."""
