"""Every bound on what a learner may send, in one place. Checked before anything is decoded."""

MAX_UPLOAD_BYTES = 15 * 1024 * 1024
"""One uploaded file; ``server.maxUploadSize`` in ``.streamlit/config.toml`` says the same in MB."""

MAX_TEXT_BYTES = 1024 * 1024
"""A text file."""

MAX_TEXT_CHARACTERS = 100_000
"""Typed or uploaded text before it is cut."""

MAX_LINK_BYTES = 2_000
"""Text longer than this does not go into a link; its digest does."""

MAX_TOKENS = 128
"""Tokens of a sentence in lesson 3.2; the rest is cut with a note."""

MAX_WORDS = 200
"""Words of an uploaded list in lesson 1; the rest is left with a note."""

MAX_MATRIX_SIDE = 12
"""Rows of a typed Q, K or V."""

MAX_MATRIX_COLUMNS = 8
"""Columns of a typed Q, K or V."""

MAX_IMAGE_PIXELS = 25_000_000
"""Width × height of a picture as its header says it, checked before a pixel is decoded."""

MAX_IMAGE_SIDE = 640
"""Pixels of the longer side that a picture is brought down to."""

PHOTO_SIDE = 1280
"""Pixels of the longer side at which a photograph is worked on and shown; downloads go back to its
own resolution."""

MAX_SECONDS = 30
"""Of a sound; what comes after is left with a note."""

MAX_CHANNELS, MIN_RATE, MAX_RATE = 16, 2_000, 400_000
"""Of a sound, as its header says."""

MAX_KEPT_SOUND_BYTES = 200 * 1024 * 1024
"""Sounds that learners sent, over all learners; the oldest go first."""

MAX_KEPT_PHOTO_BYTES = 400 * 1024 * 1024
"""Photographs that learners sent, files and pixels, over all learners; the oldest go first."""
