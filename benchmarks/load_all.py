"""A class spread over all fifteen lessons, a turn each two seconds, half of them something new.

Milliseconds from sending a fragment's rerun to its ``script_finished``. The learners run in this
process, on the machine that they measure.
"""

import asyncio
import random
from collections.abc import Iterator

from tests.load.client import PART, WHOLE, Answer, Session, connected, problems, quantile
from tests.load.recipes import RECIPES
from tests.load.server import serving

SESSIONS = (1, 10, 40, 100)
EVERY_S, TURNS = 2.0, 12


async def learner(port: int, number: int, turns: int) -> tuple[list[Answer], list[str]]:
    """One learner's turns: what was answered, and what went wrong."""
    recipe, dice = RECIPES[number % len(RECIPES)], random.Random(number)
    answers: list[Answer] = []
    errors: list[str] = []
    await asyncio.sleep(EVERY_S * dice.random())
    try:
        async with connected(port) as socket:
            session = Session(socket)
            errors += problems(await session.open(recipe.lesson.url), WHOLE)
            loop = asyncio.get_running_loop()
            start = loop.time()
            for turn in range(turns):
                await asyncio.sleep(max(0.0, start + EVERY_S * (turn + 1) - loop.time()))
                if turn % 2:
                    done, answer = await recipe.anew(session, dice)
                else:
                    done, answer = await recipe.control(session, turn // 2, dice)
                answers.append(answer)
                errors += [f"{recipe.lesson.number} {done}: {p}" for p in problems(answer, PART)]
    except Exception as error:  # noqa: BLE001 (a lost learner is a result, not the end of the test)
        errors.append(f"{recipe.lesson.number}: {type(error).__name__}: {error}")
    return answers, errors


async def crowd(port: int, sessions: int, turns: int) -> tuple[list[Answer], list[str]]:
    """What all of them were answered, and what went wrong."""
    found = await asyncio.gather(*(learner(port, i, turns) for i in range(sessions)))
    return [a for answers, _ in found for a in answers], [e for _, errors in found for e in errors]


def measure() -> Iterator[tuple[str, float, str]]:
    """Name, value and unit of each result."""
    for sessions in SESSIONS:
        with serving() as server:
            asyncio.run(crowd(server.port, len(RECIPES), 3))  # models are loaded
            before = server.cpu_ms()
            answers, errors = asyncio.run(crowd(server.port, sessions, TURNS))
            used = server.cpu_ms() - before
            memory = server.rss_mb()
        for error in errors[:5]:
            print(f"# {error}")
        spent = [answer.milliseconds for answer in answers]
        yield f"load_all_{sessions}_p50_ms", quantile(spent, 0.5), "ms"
        yield f"load_all_{sessions}_p95_ms", quantile(spent, 0.95), "ms"
        yield f"load_all_{sessions}_max_ms", max(spent), "ms"
        missing = sessions * TURNS - len(answers)
        yield f"load_all_{sessions}_errors", len(errors) + missing, "errors"
        yield f"load_all_{sessions}_cpu_ms_per_turn", used / len(answers), "ms"
        yield f"load_all_{sessions}_rss_mb", memory, "MB"
        if sessions == 40:
            yield "load_all_mean_cpu_ms", used / len(answers), "ms"
