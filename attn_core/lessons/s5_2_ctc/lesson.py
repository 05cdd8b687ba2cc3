"""Lesson 5.2 as one thing."""

from attn_core.contract.registry import lesson
from attn_core.contract.taught import Taught
from attn_core.lessons.s5_2_ctc import experiment, quiz

LESSON: Taught[experiment.Config] = Taught(lesson("5.2"), experiment, quiz)
