"""Lesson 5.1 as one thing."""

from attn_core.contract.registry import lesson
from attn_core.contract.taught import Taught
from attn_core.lessons.s5_1_speech import experiment, quiz

LESSON: Taught[experiment.Config] = Taught(lesson("5.1"), experiment, quiz)
