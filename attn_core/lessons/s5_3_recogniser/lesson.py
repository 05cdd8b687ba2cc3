"""Lesson 5.3 as one thing."""

from attn_core.contract.registry import lesson
from attn_core.contract.taught import Taught
from attn_core.lessons.s5_3_recogniser import experiment, quiz

LESSON: Taught[experiment.Config] = Taught(lesson("5.3"), experiment, quiz)
