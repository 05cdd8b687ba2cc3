"""Write every lesson's stored default result: ``python -m attn_core.lessons.defaults [slug …]``."""

import sys

from attn_core.contract.registry import LESSONS
from attn_core.contract.result import save_default
from attn_core.lessons.every import EVERY


def main() -> None:
    """Command line."""
    for lesson in LESSONS:
        if len(sys.argv) == 1 or lesson.slug in sys.argv[1:]:
            experiment = EVERY[lesson.slug].experiment
            path = save_default(lesson.slug, experiment.run(experiment.Config()))
            sys.stdout.write(f"{path.name} {path.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
