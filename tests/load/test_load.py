"""Three learners over real websockets: the lesson answers, and its map follows the controls.

No time is asserted here: ``python -m benchmarks load`` measures.
"""

import asyncio

from tests.load.client import TURNED, crowd
from tests.load.server import serving


def test_three_learners_turn_the_controls_of_lesson_3_2():
    with serving() as server:
        visits = asyncio.run(crowd(server.port, sessions=3, turns=4, every=0.5))
    assert [v.errors for v in visits] == [[], [], []]
    assert all(len(v.turns) == 4 for v in visits)
    assert all(turn.map_changed for v in visits for turn in v.turns)
    assert {turn.control for v in visits for turn in v.turns} == set(TURNED)
    # A turn of a control is a fragment's rerun, not the whole page's.
    assert all(t.answer.n_messages < v.opening.n_messages for v in visits for t in v.turns)
