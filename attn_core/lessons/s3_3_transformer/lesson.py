"""Lesson 3.3 as one thing."""

from attn_core.contract.registry import lesson
from attn_core.contract.taught import Taught
from attn_core.lessons.s3_3_transformer import experiment, quiz

LESSON: Taught[experiment.Config] = Taught(lesson("3.3"), experiment, quiz)
