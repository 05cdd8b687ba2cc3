"""Lesson 3.1 as one thing."""

from attn_core.contract.registry import lesson
from attn_core.contract.taught import Taught
from attn_core.lessons.s3_1_incremental import experiment, quiz

LESSON: Taught[experiment.Config] = Taught(lesson("3.1"), experiment, quiz)
