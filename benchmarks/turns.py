"""What one turn costs in every lesson: processor time of the server, and bytes, for one learner.

``turn_cpu_ms_N`` is the median over turns of a control or of an opened row, ``turn_cpu_model_ms_N``
over turns that give what nobody asked before, so that the model runs. ``turn_kb_N`` is the median
number of bytes of a turn whose answer nobody had before.
"""

import asyncio
import random
from collections.abc import Iterator

from tests.load.client import PART, WHOLE, Answer, Session, connected, problems, quantile
from tests.load.recipes import RECIPES, Recipe
from tests.load.server import Server, serving

TURNS = 24
LEARNERS = 40


async def _visit(
    server: Server, recipe: Recipe
) -> tuple[list[tuple[str, float, Answer]], list[tuple[str, float, Answer]], list[str]]:
    """Turns of a control and turns with something new: what was done, its cost, its answer."""
    dice = random.Random(recipe.lesson.number)
    seen: tuple[list[tuple[str, float, Answer]], ...] = ([], [])
    errors: list[str] = []
    async with connected(server.port) as socket:
        session = Session(socket)
        errors += problems(await session.open(recipe.lesson.url), WHOLE)
        for turn in range(-4, 2 * TURNS):
            before = server.cpu_ms()
            if turn % 2:
                done, answer = await recipe.anew(session, dice)
            else:
                done, answer = await recipe.control(session, turn // 2, dice)
            await asyncio.sleep(0.03)  # what the server does after its last message is its cost too
            errors += [f"{done}: {problem}" for problem in problems(answer, PART)]
            if turn >= 0:
                seen[turn % 2].append((done, server.cpu_ms() - before, answer))
    return *seen, errors


async def _bare(server: Server) -> list[float]:
    """Turns of the bare page's slider, with the forward pass of lesson 2.2."""
    dice, spent = random.Random(0), []
    async with connected(server.port) as socket:
        session = Session(socket)
        errors = problems(await session.open("", "lesson=2.2"), WHOLE)
        for turn in range(-4, TURNS):
            before = server.cpu_ms()
            answer = await session.turn("shift", session.other_value("shift", dice))
            await asyncio.sleep(0.03)
            errors += problems(answer, PART)
            if turn >= 0:
                spent.append(server.cpu_ms() - before)
    if errors:
        raise RuntimeError(errors[0])
    return spent


def measure() -> Iterator[tuple[str, float, str]]:
    """Name, value and unit of each result."""
    with serving("benchmarks/bare/app.py") as bare:
        yield "turn_bare_cpu_ms", quantile(asyncio.run(_bare(bare)), 0.5), "ms"
    with serving() as server:
        means = []
        for recipe in RECIPES:
            number = recipe.lesson.number
            control, anew, errors = asyncio.run(_visit(server, recipe))
            for error in errors[:3]:
                print(f"# {number}: {error}")
            costs = [cost for _, cost, _ in control], [cost for _, cost, _ in anew]
            means.append(sum(map(sum, costs)) / sum(map(len, costs)))
            yield f"turn_cpu_ms_{number}", quantile(costs[0], 0.5), "ms"
            yield f"turn_cpu_model_ms_{number}", quantile(costs[1], 0.5), "ms"
            size = quantile([answer.n_bytes / 1000 for _, _, answer in anew], 0.5)
            yield f"turn_kb_{number}", size, "kB"
            yield f"turn_errors_{number}", len(errors), "errors"
        yield "turn_mean_cpu_ms", sum(means) / len(means), "ms"
