"""All fifteen lessons, in the document's order."""

from typing import Any

from attn_core.contract.taught import Taught
from attn_core.lessons.s1_additive.lesson import LESSON as s1_additive
from attn_core.lessons.s2_1_self_attention.lesson import LESSON as s2_1_self_attention
from attn_core.lessons.s2_2_positional_encoding.lesson import LESSON as s2_2_positional_encoding
from attn_core.lessons.s2_3_multi_head.lesson import LESSON as s2_3_multi_head
from attn_core.lessons.s3_1_incremental.lesson import LESSON as s3_1_incremental
from attn_core.lessons.s3_2_scaled_dot_product.lesson import LESSON as s3_2_scaled_dot_product
from attn_core.lessons.s3_3_transformer.lesson import LESSON as s3_3_transformer
from attn_core.lessons.s4_1_segmentation.lesson import LESSON as s4_1_segmentation
from attn_core.lessons.s4_2_detection.lesson import LESSON as s4_2_detection
from attn_core.lessons.s5_1_speech.lesson import LESSON as s5_1_speech
from attn_core.lessons.s5_2_ctc.lesson import LESSON as s5_2_ctc
from attn_core.lessons.s5_3_recogniser.lesson import LESSON as s5_3_recogniser
from attn_core.lessons.s6_1_recommendation.lesson import LESSON as s6_1_recommendation
from attn_core.lessons.s6_2_video.lesson import LESSON as s6_2_video
from attn_core.lessons.s6_3_bioinformatics.lesson import LESSON as s6_3_bioinformatics

EVERY: dict[str, Taught[Any]] = {
    each.lesson.slug: each
    for each in (
        s1_additive,
        s2_1_self_attention,
        s2_2_positional_encoding,
        s2_3_multi_head,
        s3_1_incremental,
        s3_2_scaled_dot_product,
        s3_3_transformer,
        s4_1_segmentation,
        s4_2_detection,
        s5_1_speech,
        s5_2_ctc,
        s5_3_recogniser,
        s6_1_recommendation,
        s6_2_video,
        s6_3_bioinformatics,
    )
}
"""By slug."""
