"""Lesson 3.2 as one thing."""

from attn_core.contract.registry import lesson
from attn_core.contract.taught import Taught
from attn_core.lessons.s3_2_scaled_dot_product import experiment, quiz

LESSON: Taught[experiment.Config] = Taught(lesson("3.2"), experiment, quiz)
