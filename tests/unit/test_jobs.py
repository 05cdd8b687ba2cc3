"""Long work: one line for all, one worker process, stops that are obeyed, lone crashes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import work_samples as sample

from attn_core.jobs import line as module
from attn_core.jobs.line import DONE, FAILED, RUNNING, STOPPED, WAITING, Full, Jobs
from attn_core.lessons.s1_additive import live

LONG = 60


@pytest.fixture(scope="module")
def shared():
    """One line for this file: each worker takes seconds to start."""
    gone = set()
    line = Jobs(lambda owner: owner not in gone)
    line.gone = gone
    return line


@pytest.fixture
def jobs(shared):
    yield shared
    for job in list(shared._line):
        job.stop()
        assert job.wait(LONG)
    shared.gone.clear()


def until(condition):
    end = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_results_progress_and_where_it_runs(jobs):
    job = jobs.submit(sample.answer, "a", value=[1, {"two": 3.0}])
    assert job.wait(LONG)
    assert (job.state, job.result, job.message) == (DONE, [1, {"two": 3.0}], "half")
    assert (job.fraction, job.active, jobs.place(job)) == (1.0, False, 0)
    where = jobs.submit(sample.surroundings, "a")
    assert where.wait(LONG)
    assert where.result["pid"] != os.getpid()
    assert where.result["nice"] >= os.nice(0) + 10 or where.result["nice"] == 19
    assert where.result["threads"] == 1
    assert not where.result["streamlit"]
    assert where.result["main"] == "attn_core.jobs.worker"


def test_order_and_position(jobs, tmp_path):
    gate = tmp_path / "gate"
    first = jobs.submit(sample.until_file, "a", path=str(gate))
    second = jobs.submit(sample.answer, "b", value=2)
    third = jobs.submit(sample.answer, "c", value=3)
    until(lambda: first.state == RUNNING)
    assert [jobs.place(j) for j in (first, second, third)] == [0, 1, 2]
    assert third.state == WAITING
    assert third.seconds_left() is None
    gate.touch()
    assert third.wait(LONG)
    assert [j.result for j in (first, second, third)] == ["released", 2, 3]


def test_stop_running_and_waiting(jobs):
    running = jobs.submit(sample.until_stopped, "a")
    waiting = jobs.submit(sample.answer, "b")
    until(lambda: running.partial)
    waiting.stop()
    assert not waiting.active  # at once, while the other still runs
    assert (waiting.state, waiting.result) == (STOPPED, None)
    assert running.state == RUNNING
    running.stop()
    assert running.wait(LONG)
    assert (running.state, running.result, running.partial) == (STOPPED, "so far", ["so far"])


def test_a_disobedient_job_is_killed_and_the_next_runs(jobs, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.2)
    job = jobs.submit(sample.deaf, "a")
    next_ = jobs.submit(sample.answer, "b")
    until(lambda: job.partial)
    job.stop()
    assert job.wait(LONG)
    assert (job.state, job.result, job.partial) == (STOPPED, None, ["partial"])
    assert next_.wait(LONG)
    assert next_.result == 42


def test_stop_while_the_worker_starts():
    fresh = Jobs()
    job = fresh.submit(sample.deaf, "a")
    until(lambda: job.state == RUNNING)
    job.stop()
    assert job.wait(5)
    assert job.state == STOPPED
    assert fresh._worker.alive
    fresh._end_worker()


def test_one_place_for_each_learner(jobs, tmp_path):
    gate = tmp_path / "gate"
    running = jobs.submit(sample.until_file, "a", path=str(gate))
    until(lambda: running.state == RUNNING)
    old = jobs.submit(sample.answer, "b", value="old")
    other = jobs.submit(sample.answer, "c")
    new = jobs.submit(sample.answer, "b", value="new")
    assert (old.state, old.result) == (STOPPED, None)
    assert [jobs.place(j) for j in (new, other)] == [1, 2]  # it keeps the place
    mine = jobs.submit(sample.answer, "a", value="mine")
    assert jobs._line[-1] is mine  # at the end: what ran was given up
    assert mine.wait(LONG)
    assert running.state == STOPPED
    assert (new.result, other.result, mine.result) == ("new", 42, "mine")


@pytest.mark.parametrize(
    ("work", "says"),
    [
        (sample.bad, "ZeroDivisionError"),
        # What can't be sent is named; the words around it differ between versions of Python.
        (sample.unreturnable, "unreturnable.<locals>.<lambda>"),
        (sample.crash, "with 3"),
    ],
)
def test_a_failing_job_fails_alone(jobs, work, says, caplog):
    job = jobs.submit(work, "a")
    good = jobs.submit(sample.answer, "b")
    assert good.wait(LONG)
    assert (job.state, job.result) == (FAILED, None)
    assert says in job.error
    assert says in caplog.text
    assert good.result == 42


def test_a_worker_that_died_idle_is_started_again(jobs):
    before = jobs.submit(sample.surroundings, "a")
    assert before.wait(LONG)
    os.kill(before.result["pid"], signal.SIGKILL)
    until(lambda: not jobs._worker.alive)
    after = jobs.submit(sample.answer, "a")
    assert after.wait(LONG)
    assert after.state == DONE


def test_who_is_gone_frees_the_place(jobs, monkeypatch):
    monkeypatch.setattr(module, "GRACE", 0.3)
    running, waiting = (jobs.submit(sample.until_stopped, owner) for owner in "ab")
    last = jobs.submit(sample.answer, "c")
    until(lambda: running.partial)
    jobs.gone.add("b")
    until(lambda: jobs.place(last) == 1)
    assert waiting.state == STOPPED
    assert running.state == RUNNING
    jobs.gone.add("a")
    assert last.wait(LONG)
    assert running.state == STOPPED
    assert last.result == 42


def test_a_short_absence_is_forgiven(jobs, monkeypatch):
    monkeypatch.setattr(module, "GRACE", 0.5)
    job = jobs.submit(sample.until_stopped, "a")
    until(lambda: job.partial)
    for _ in range(3):
        jobs.gone.add("a")
        time.sleep(0.2)
        jobs.gone.clear()
        time.sleep(0.2)
    assert job.state == RUNNING


def test_the_line_has_an_end(jobs, monkeypatch):
    monkeypatch.setattr(module, "MAX_WAITING", 2)
    jobs.submit(sample.until_stopped, "a")
    jobs.submit(sample.answer, "b")
    with pytest.raises(Full, match="2"):
        jobs.submit(sample.answer, "c")
    assert jobs.submit(sample.answer, "b").active  # in place of one that waits


def test_what_cannot_be_sent_is_refused_at_once(jobs):
    with pytest.raises((AttributeError, TypeError, ValueError)):
        jobs.submit(lambda report, should_stop: None, "a")
    assert not jobs._line


def test_the_same_job_twice_is_equal(jobs):
    seeds = {"a": 1, "b": 2, "c": 1, "d": 3}
    first, _, second, other = (jobs.submit(sample.curve, o, seed=n) for o, n in seeds.items())
    assert other.wait(LONG)
    assert first.result == second.result == first.partial
    assert other.result != first.result
    assert len(first.result) == 20


def test_forty_at_once(jobs):
    asked = [jobs.submit(sample.answer, f"learner {i}", value=i) for i in range(40)]
    assert asked[-1].wait(LONG)
    assert [j.result for j in asked] == list(range(40))


def test_lesson_1s_comparison_runs_in_the_worker(jobs):
    job = jobs.submit(live.compare, "a", seed=1)
    assert job.wait(LONG)
    assert {r["model"] for r in job.result} == {"shown", "with", "without"}


@pytest.mark.slow
def test_the_worker_goes_with_the_server():
    """Even with one that is killed in the middle of a job."""
    script = (
        "import work_samples as s, time; from attn_core.jobs.line import Jobs; jobs = Jobs();"
        "job = jobs.submit(s.surroundings, 'a'); job.wait(60);"
        "print(job.result['pid'], flush=True);"
        "jobs.submit(s.deaf, 'a'); time.sleep(60)"
    )
    paths = os.pathsep.join(p for p in sys.path if p)
    parent = subprocess.Popen(
        [sys.executable, "-c", script],
        env=os.environ | {"PYTHONPATH": paths},
        stdout=subprocess.PIPE,
        text=True,
    )
    pid = int(next(line for line in parent.stdout if line.strip().isdigit()))
    os.kill(pid, 0)
    parent.kill()
    parent.wait()

    def ended():
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        status = subprocess.run(
            ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True
        )
        return status.stdout.strip().startswith("Z")  # nobody reaps it where there is no init

    until(ended)
    parent.stdout.close()


@pytest.mark.slow
def test_an_idle_worker_gives_its_memory_back_and_the_next_job_runs():
    line = Jobs(idle=0.2)
    first = line.submit(sample.surroundings, "a")
    assert first.wait(LONG)
    pid = first.result["pid"]
    until(lambda: not Path(f"/proc/{pid}").exists() and line._worker is None)
    again = line.submit(sample.surroundings, "a")
    assert again.wait(LONG)
    assert (again.state, again.result["pid"] != pid) == (DONE, True)
