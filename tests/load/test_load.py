"""Three learners over real websockets: the lesson answers, and its map follows the controls.

No time is asserted here: ``python -m benchmarks load`` measures.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from tests.load.client import TURNED, crowd
from tests.load.server import serving


def test_three_learners_turn_the_controls_of_lesson_3_2():
    # In a thread of its own: a browser test before this one may have left a loop in ours.
    with serving() as server, ThreadPoolExecutor(1) as pool:
        come = crowd(server.port, sessions=3, turns=4, every=0.5)
        visits = pool.submit(asyncio.run, come).result()
    assert [v.errors for v in visits] == [[], [], []]
    assert all(len(v.turns) == 4 for v in visits)
    assert all(turn.map_changed for v in visits for turn in v.turns)
    assert {turn.control for v in visits for turn in v.turns} == set(TURNED)
    # A turn of a control is a fragment's rerun, not the whole page's.
    assert all(t.answer.n_messages < v.opening.n_messages for v in visits for t in v.turns)
