"""Lesson 4.1 as one thing."""

from attn_core.contract.registry import lesson
from attn_core.contract.taught import Taught
from attn_core.lessons.s4_1_segmentation import experiment, quiz

LESSON: Taught[experiment.Config] = Taught(lesson("4.1"), experiment, quiz)
