"""Lesson 1 as one thing."""

from attn_core.contract.registry import lesson
from attn_core.contract.taught import Taught
from attn_core.lessons.s1_additive import experiment, quiz

LESSON: Taught[experiment.Config] = Taught(lesson("1"), experiment, quiz)
