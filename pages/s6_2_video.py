"""Lesson 6.2, attention in video: its controls and words are in ``pages.shared.video_page``."""

from pages.shared import frame
from pages.shared.video_page import PAGE

frame.lesson(PAGE)
