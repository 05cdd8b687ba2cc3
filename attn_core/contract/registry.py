"""LESSONS: the single source of truth that ties section, page, checkpoints, claims and listing.

Importing this module imports neither torch nor streamlit.
"""

from dataclasses import dataclass

SECTIONS: tuple[str, ...] = (
    "1", "2.1", "2.2", "2.3", "3.1", "3.2", "3.3", "4.1", "4.2",
    "5.1", "5.2", "5.3", "6.1", "6.2", "6.3",
)  # fmt: skip
"""The document's sections, in its order; their titles are ``section.<number>`` in the locale."""

CHAPTERS: tuple[str, ...] = ("1", "2", "3", "4", "5", "6")


@dataclass(frozen=True, slots=True)
class Lesson:
    """One section of the document and everything that teaches it.

    Parameters
    ----------
    number : str
        The document's number, "3.2".
    slug : str
        Name of page file, content and stored default result, "s3_2_scaled_dot_product".
    checkpoints : tuple of str
        Ids of the manifests in ``assets/checkpoints`` whose weights the lesson runs.
    claims : tuple of str
        Ids in ``assets/claims``.
    listing : str
        Number of the document's listing, "L6"; "" where the section has none.
    modules : tuple of str
        Our modules whose source the page shows, "attn_core.layers.additive".
    modality : str
        What the learner gives: "text", "numbers", "image", "sound", "clip", "sequence".
    """

    number: str
    slug: str
    checkpoints: tuple[str, ...]
    claims: tuple[str, ...]
    listing: str
    modules: tuple[str, ...]
    modality: str

    @property
    def url(self) -> str:
        """Path of the page, "3-2-scaled-dot-product"."""
        return self.slug.removeprefix("s").replace("_", "-")


LESSONS: tuple[Lesson, ...] = (
    Lesson(
        number="1",
        slug="s1_additive",
        checkpoints=("speller", "speller_small_attention", "speller_small_fixed"),
        claims=("1.a", "1.b", "1.c", "1.d", "L1"),
        listing="L1",
        modules=("attn_core.layers.additive", "attn_core.models.speller"),
        modality="text",
    ),
    Lesson(
        number="2.1",
        slug="s2_1_self_attention",
        checkpoints=(
            "minilm",
            "sentiment_en",
            "sentiment_en_pooling",
            "sentiment_zh",
            "sentiment_zh_pooling",
        ),
        claims=("2.1.a", "2.1.b", "2.1.c", "2.1.d", "L2"),
        listing="L2",
        modules=("attn_core.layers.pooling", "attn_core.layers.multi_head"),
        modality="text",
    ),
    Lesson(
        number="2.2",
        slug="s2_2_positional_encoding",
        checkpoints=("minilm",),
        claims=("2.2.a", "2.2.b", "L3"),
        listing="L3",
        modules=(
            "attn_core.layers.positional.sinusoidal",
            "attn_core.layers.positional.learned",
            "attn_core.layers.positional.rotary",
            "attn_core.layers.positional.alibi",
            "attn_core.layers.positional.relative",
            "attn_core.layers.positional.plane",
            "attn_core.layers.positional.attention",
            "attn_core.models.order",
        ),
        modality="text",
    ),
    Lesson(
        number="2.3",
        slug="s2_3_multi_head",
        checkpoints=("minilm", "sentiment_en"),
        claims=("2.3.a", "2.3.b", "L4"),
        listing="L4",
        modules=("attn_core.layers.multi_head", "attn_core.models.minilm"),
        modality="text",
    ),
    Lesson(
        number="3.1",
        slug="s3_1_incremental",
        checkpoints=("characters_en", "characters_zh"),
        claims=("3.1.a", "3.1.b", "3.1.c", "3.1.d", "L5"),
        listing="L5",
        modules=(
            "attn_core.layers.blockwise",
            "attn_core.layers.incremental",
            "attn_core.models.characters",
        ),
        modality="text",
    ),
    Lesson(
        number="3.2",
        slug="s3_2_scaled_dot_product",
        checkpoints=("minilm",),
        claims=("3.2.a", "3.2.b", "3.2.c", "L6"),
        listing="L6",
        modules=("attn_core.layers.scaled_dot_product", "attn_core.attention.functional"),
        modality="numbers",
    ),
    Lesson(
        number="3.3",
        slug="s3_3_transformer",
        checkpoints=(
            "translator_en_zh",
            "translator_zh_en",
            "translator_en_zh_recurrent",
            "translator_zh_en_recurrent",
            "translator_small",
        ),
        claims=("3.3.a", "3.3.b", "3.3.c", "3.3.d", "3.3.e", "L7"),
        listing="L7",
        modules=(
            "attn_core.models.transformer",
            "attn_core.models.transformer_layers",
            "attn_core.models.translate_search",
        ),
        modality="text",
    ),
    Lesson(
        number="4.1",
        slug="s4_1_segmentation",
        checkpoints=("segmenter", "segmenter_twins"),
        claims=("4.1.a", "4.1.b", "L8"),
        listing="L8",
        modules=(
            "attn_core.layers.gate",
            "attn_core.models.attention_unet",
            "attn_core.layers.mixing",
            "attn_core.models.photo_encoder",
        ),
        modality="image",
    ),
    Lesson(
        number="4.2",
        slug="s4_2_detection",
        checkpoints=("detector_digits", "detector_cells", "detector_twins"),
        claims=("4.2.a", "4.2.b", "L9"),
        listing="L9",
        modules=(
            "attn_core.models.detector",
            "attn_core.models.detector_layers",
            "attn_core.measures.boxes",
        ),
        modality="image",
    ),
    Lesson(
        number="5.1",
        slug="s5_1_speech",
        checkpoints=("recogniser_attention", "recogniser_window_0", "recogniser_window_4"),
        claims=("5.1.a", "5.1.b", "5.1.c"),
        listing="",
        modules=("attn_core.models.recogniser", "attn_core.inputs.speech_features"),
        modality="sound",
    ),
    Lesson(
        number="5.2",
        slug="s5_2_ctc",
        checkpoints=(
            "recogniser_attention",
            "recogniser_convolution",
            "recogniser_joint",
            "recogniser_joint_0",
        ),
        claims=("5.2.a", "5.2.b", "5.2.c", "5.2.d"),
        listing="",
        modules=("attn_core.measures.ctc", "attn_core.models.recogniser_search"),
        modality="sound",
    ),
    Lesson(
        number="5.3",
        slug="s5_3_recogniser",
        checkpoints=("listener", "listener_content", "recogniser_joint_0", "recogniser_attention"),
        claims=("5.3.a", "L10"),
        listing="L10",
        modules=(
            "attn_core.models.listener",
            "attn_core.layers.location",
            "attn_core.models.recogniser",
        ),
        modality="sound",
    ),
    Lesson(
        number="6.1",
        slug="s6_1_recommendation",
        checkpoints=("recommender", "recommender_target", "recommender_twins"),
        claims=("6.1.a", "6.1.b", "6.1.c"),
        listing="",
        modules=(
            "attn_core.models.recommender",
            "attn_core.models.target_recommender",
            "attn_core.models.film_table",
        ),
        modality="sequence",
    ),
    Lesson(
        number="6.2",
        slug="s6_2_video",
        checkpoints=("video", "video_apart", "video_twins", "signs"),
        claims=("6.2.a", "6.2.b", "6.2.c"),
        listing="",
        modules=("attn_core.models.video", "attn_core.layers.pooling"),
        modality="clip",
    ),
    Lesson(
        number="6.3",
        slug="s6_3_bioinformatics",
        checkpoints=("splice", "protein_structure", "drug_target"),
        claims=("6.3.a", "6.3.b", "6.3.c"),
        listing="",
        modules=("attn_core.models.sequence", "attn_core.models.drug_target"),
        modality="sequence",
    ),
)


def lesson(number: str) -> Lesson:
    """The lesson of a section.

    Parameters
    ----------
    number : str
        The document's number.

    Returns
    -------
    Lesson
        Its entry.

    Raises
    ------
    KeyError
        If the section has no lesson yet.

    Examples
    --------
    >>> lesson("3.2").url
    '3-2-scaled-dot-product'
    """
    for entry in LESSONS:
        if entry.number == number:
            return entry
    raise KeyError(number)
