"""Lesson 2.1 as one thing."""

from attn_core.contract.registry import lesson
from attn_core.contract.taught import Taught
from attn_core.lessons.s2_1_self_attention import experiment, quiz

LESSON: Taught[experiment.Config] = Taught(lesson("2.1"), experiment, quiz)
