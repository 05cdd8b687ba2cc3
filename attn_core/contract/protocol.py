"""What a lesson's two modules must offer: its experiment, and its quiz.

The modules themselves are the objects: mypy checks each against its protocol where a page names it.
"""

from typing import Any, Protocol, TypeVar, runtime_checkable

from attn_core.attention.interventions import Intervention
from attn_core.contract.question import Challenge, Question
from attn_core.contract.result import LessonResult
from attn_core.contract.selection import Selection

C = TypeVar("C")
"""A lesson's ``Config``: a frozen, hashable dataclass whose defaults are the stored example."""

D = TypeVar("D", contravariant=True)


@runtime_checkable
class Experiment(Protocol[C]):
    """Runs a lesson's model."""

    @property
    def Config(self) -> type[C]:
        """What the learner sets."""

    def run(
        self, config: C, intervention: Intervention | None = None, device: str = "cpu"
    ) -> LessonResult:
        """What the model does with the input, and with the learner's changes.

        Parameters
        ----------
        config : C
            Input and hyperparameters.
        intervention : Intervention, optional
            Changes of the attention.
        device : str
            Where the model runs; what it answers is on the CPU.

        Returns
        -------
        LessonResult
            The same for the same arguments.
        """

    def before(self, config: C) -> C:
        """The same input without what a control changes.

        Parameters
        ----------
        config : C
            As the learner has it.

        Returns
        -------
        C
            Idempotent; for a default config, that config.
        """

    def opened(self, result: LessonResult) -> Selection:
        """What is open before the learner opens anything.

        Parameters
        ----------
        result : LessonResult
            Without the learner's changes.

        Returns
        -------
        Selection
            A site, head and row that the result has.
        """


@runtime_checkable
class Quiz(Protocol[D]):
    """Asks, from live tensors."""

    @property
    def GUESSES(self) -> tuple[str, ...]:
        """Answers to predict from."""

    @property
    def ACT(self) -> dict[str, Any]:
        """Controls that the button under the prediction sets."""

    def reveal(self, config: D, device: str) -> dict[str, Any]:
        """What there is to be found on this input.

        Parameters
        ----------
        config : D
            Without changes.
        device : str
            Where the model runs.

        Returns
        -------
        dict
            Values for the sentence after the prediction.
        """

    def truth(self, found: dict[str, Any]) -> str:
        """The right one of ``GUESSES``.

        Parameters
        ----------
        found : dict
            From ``reveal``.

        Returns
        -------
        str
            One of ``GUESSES``.
        """

    def questions(
        self,
        config: D,
        result: LessonResult,
        selection: Selection | None = None,
        device: str = "cpu",
    ) -> tuple[Question, ...]:
        """Questions about the run on screen.

        Parameters
        ----------
        config : D
            Of the run.
        result : LessonResult
            The run.
        selection : Selection, optional
            What is open.
        device : str
            Where a model runs, should one have to.

        Returns
        -------
        tuple of Question
            With answers computed from the run.
        """

    def challenge(
        self, config: D, changes: Intervention, result: LessonResult, device: str = "cpu"
    ) -> Challenge:
        """How near the learner is to the lesson's goal.

        Parameters
        ----------
        config : D
            Of the run.
        changes : Intervention
            The learner's.
        result : LessonResult
            The run.
        device : str
            Where a model runs, should one have to.

        Returns
        -------
        Challenge
            Reached or not, and by how much.
        """
