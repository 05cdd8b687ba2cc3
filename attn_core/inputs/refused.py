"""How bad input is refused: a key for a sentence in the learner's language, never a traceback."""


class Refused(ValueError):
    """Input that can't be used.

    Parameters
    ----------
    key : str
        Key of the sentence in the locale, "refused.empty".
    **values : object
        What the sentence names.

    Examples
    --------
    >>> Refused("refused.empty").key
    'refused.empty'
    """

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(f"{key} {values}" if values else key)
        self.key = key
        self.values = values
