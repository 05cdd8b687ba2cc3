"""The letters and phonemes of the spelling models, and how phonemes are written.

Phonemes are CMUdict's: ARPAbet without stress.
"""

LETTERS = "abcdefghijklmnopqrstuvwxyz'-."
PHONEMES = (
    "AA", "AE", "AH", "AO", "AW", "AY", "B", "CH", "D", "DH", "EH", "ER", "EY", "F", "G", "HH",
    "IH", "IY", "JH", "K", "L", "M", "N", "NG", "OW", "OY", "P", "R", "S", "SH", "T", "TH", "UH",
    "UW", "V", "W", "Y", "Z", "ZH",
)  # fmt: skip
MAX_LETTERS = 40
"""Of a word."""
MAX_PHONEMES = 48
"""Of a pronunciation, its end included."""

IPA = {
    "AA": "ɑ", "AE": "æ", "AH": "ə", "AO": "ɔ", "AW": "aʊ", "AY": "aɪ", "B": "b", "CH": "tʃ",
    "D": "d", "DH": "ð", "EH": "ɛ", "ER": "ɝ", "EY": "eɪ", "F": "f", "G": "ɡ", "HH": "h",
    "IH": "ɪ", "IY": "i", "JH": "dʒ", "K": "k", "L": "l", "M": "m", "N": "n", "NG": "ŋ",
    "OW": "oʊ", "OY": "ɔɪ", "P": "p", "R": "ɹ", "S": "s", "SH": "ʃ", "T": "t", "TH": "θ",
    "UH": "ʊ", "UW": "u", "V": "v", "W": "w", "Y": "j", "Z": "z", "ZH": "ʒ",
}  # fmt: skip
"""AH stands for both /ə/ and /ʌ/ once stress is dropped."""


def ipa(phonemes: tuple[str, ...]) -> str:
    """Phonemes as one IPA string.

    Parameters
    ----------
    phonemes : tuple of str
        ARPAbet without stress.

    Returns
    -------
    str
        IPA.

    Examples
    --------
    >>> ipa(("K", "AE", "T"))
    'kæt'
    """
    return "".join(IPA[p] for p in phonemes)
