"""Dates as people write them, and back; without the machine's locale."""

import datetime

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
YEARS = (1900, 2099)
"""First and last year of the examples."""
FORMS = 5


def written(day: datetime.date, form: int) -> str:
    """A date as people write it.

    Examples
    --------
    >>> [written(datetime.date(2026, 3, 7), form) for form in range(5)]
    ['7 March 2026', 'March 7, 2026', '7 Mar 2026', '07.03.2026', '2026年3月7日']
    """
    month = MONTHS[day.month - 1]
    return (
        f"{day.day} {month} {day.year}",
        f"{month} {day.day}, {day.year}",
        f"{day.day} {month[:3]} {day.year}",
        f"{day.day:02}.{day.month:02}.{day.year}",
        f"{day.year}年{day.month}月{day.day}日",
    )[form]


def read_date(text: str) -> datetime.date | None:
    """The date that one of the five forms says.

    Examples
    --------
    >>> read_date("March 7, 2026")
    datetime.date(2026, 3, 7)
    >>> read_date("30 February 2026") is None
    True
    """
    names = {name.lower(): i for i, month in enumerate(MONTHS, 1) for name in (month, month[:3])}
    for mark in "年月日,.":
        text = text.replace(mark, " ")
    parts = text.lower().split()
    if len(parts) != 3:
        return None
    if parts[0] in names:
        parts = [parts[1], parts[0], parts[2]]
    elif len(parts[0]) == 4:
        parts.reverse()
    try:
        day, month, year = (names.get(p) or int(p) for p in parts)
        return datetime.date(year, month, day)
    except ValueError:
        return None
