"""Lesson 4.2 as one thing."""

from attn_core.contract.registry import lesson
from attn_core.contract.taught import Taught
from attn_core.lessons.s4_2_detection import experiment, quiz

LESSON: Taught[experiment.Config] = Taught(lesson("4.2"), experiment, quiz)
