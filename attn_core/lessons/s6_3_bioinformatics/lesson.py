"""Lesson 6.3 as one thing."""

from attn_core.contract.registry import lesson
from attn_core.contract.taught import Taught
from attn_core.lessons.s6_3_bioinformatics import experiment, quiz

LESSON: Taught[experiment.Config] = Taught(lesson("6.3"), experiment, quiz)
