"""Lesson 6.1 as one thing."""

from attn_core.contract.registry import lesson
from attn_core.contract.taught import Taught
from attn_core.lessons.s6_1_recommendation import experiment, quiz

LESSON: Taught[experiment.Config] = Taught(lesson("6.1"), experiment, quiz)
