"""Write every lesson's stored default result: ``python -m attn_core.defaults [slug …]``."""

import importlib
import sys

from attn_core.lessons import LESSONS
from attn_core.result import save_default


def main() -> None:
    """Command line."""
    for lesson in LESSONS:
        if len(sys.argv) == 1 or lesson.slug in sys.argv[1:]:
            experiment = importlib.import_module(f"attn_core.experiments.{lesson.slug}")
            path = save_default(lesson.slug, experiment.run(experiment.Config()))
            sys.stdout.write(f"{path.name} {path.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
