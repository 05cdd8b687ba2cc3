"""Lesson 2.3 as one thing."""

from attn_core.contract.registry import lesson
from attn_core.contract.taught import Taught
from attn_core.lessons.s2_3_multi_head import experiment, quiz

LESSON: Taught[experiment.Config] = Taught(lesson("2.3"), experiment, quiz)
