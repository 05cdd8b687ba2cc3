"""Every bound on what a learner may send, in one place. Checked before anything is decoded."""

MAX_UPLOAD_BYTES = 15 * 1024 * 1024
"""One uploaded file; ``server.maxUploadSize`` in ``.streamlit/config.toml`` says the same in MB."""

MAX_TEXT_BYTES = 1024 * 1024
"""A text file."""

MAX_TEXT_CHARACTERS = 100_000
"""Typed or uploaded text before it is cut."""

MAX_LINK_BYTES = 3_600
"""An address's parameters as they are sent, so that with its host it stays under 4 kB; the longest
texts beyond that are named by their digest."""

MAX_PACKED_CHARACTERS = 32_768
"""What an address holds packed, before and after it is unpacked."""

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

MAX_FILMS = 50
"""Of a history in lesson 6.1: the longest that its models were trained on; the last ones count."""

MAX_FILMS_BYTES = 100_000
"""A list of films."""

MAX_FASTA_BYTES = 1024 * 1024
"""A FASTA file; more is refused before it is decoded."""

MAX_BASES, MAX_RESIDUES, MAX_TARGET, MIN_RESIDUES = 6_000, 800, 2_560, 10
"""Letters of a genome that are scanned, of a chain whose structure is named, and of a drug's
target; what comes after is left with a note. Fewer residues than the last are refused."""

MAX_RECORDS = 50
"""Sequences of a FASTA file that can be picked; the others are left with a note."""

MAX_SMILES, MAX_ATOMS = 400, 120
"""Characters of a SMILES, and heavy atoms of its largest part."""

MAX_CLIP_SECONDS = 12
"""Of a clip; what comes after is left with a note."""

MAX_CLIP_FRAME_PIXELS = 4096 * 2304
"""Width × height of a clip as its header says it, checked before a frame is decoded, and of each
frame as it comes."""

MAX_CLIP_PIXELS = 1_200_000_000
"""Of all frames that are decoded: twelve seconds of 1920 × 1080 at 48 frames a second."""

MAX_KEPT_CLIP_BYTES = 200 * 1024 * 1024
"""Clips that learners sent, over all learners; the oldest go first."""
