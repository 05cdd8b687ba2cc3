"""Lesson 6.2 as one thing."""

from attn_core.contract.registry import lesson
from attn_core.contract.taught import Taught
from attn_core.lessons.s6_2_video import experiment, quiz

LESSON: Taught[experiment.Config] = Taught(lesson("6.2"), experiment, quiz)
