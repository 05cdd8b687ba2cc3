"""Lesson 2.2 as one thing."""

from attn_core.contract.registry import lesson
from attn_core.contract.taught import Taught
from attn_core.lessons.s2_2_positional_encoding import experiment, quiz

LESSON: Taught[experiment.Config] = Taught(lesson("2.2"), experiment, quiz)
