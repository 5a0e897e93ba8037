"""What the rules about risks look at: the files, the model and the hyperparameters of one planned job."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from domain.model_limits import is_tuned
from domain.plan.words import number
from domain.presets import EXAMPLES_WORK_WELL, FEWEST_EXAMPLES, LARGE_ABOVE, PRESETS, size_of


def steps_per_epoch(examples: int, hyperparameters: Mapping[str, Any]) -> int:
    """Return how many batches the examples make; the last may be a smaller one."""
    return -(-examples // int(hyperparameters["batch_size"]))


def steps_in_all(examples: int, hyperparameters: Mapping[str, Any]) -> int:
    """Return the steps of all epochs together."""
    return steps_per_epoch(examples, hyperparameters) * int(hyperparameters["n_epochs"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """The files of a job. None: there is no validation file, or nobody counted what is too long.

    `over_long_examples` is how many have more tokens than the model's context holds.
    """

    examples: int
    validation_examples: int | None = None
    over_long_examples: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that a rule may ask; `hyperparameters` holds every one of `presets.FORMS`.

    `tuned_models` are the platform's names of the project's own tuned models.
    """

    files: Files
    model: str
    hyperparameters: Mapping[str, Any]
    tuned_models: Collection[str] = ()
    min_examples: int = FEWEST_EXAMPLES
    recommended_examples: int = EXAMPLES_WORK_WELL

    @property
    def examples(self) -> int:
        """How many there are to train on."""
        return self.files.examples

    @property
    def is_large(self) -> bool:
        """Tell whether the guide calls this much data."""
        return self.examples > LARGE_ABOVE

    @property
    def preset(self) -> Mapping[str, Any]:
        """What the guide would take for this many examples."""
        return PRESETS[size_of(self.examples)]

    @property
    def is_tuned(self) -> bool:
        """Tell whether the model to start from is a tuned one."""
        return is_tuned(self.model) or self.model in self.tuned_models

    def value(self, name: str) -> float:
        """Return a hyperparameter."""
        return float(self.hyperparameters[name])

    def advised(self, name: str) -> float:
        """Return what the guide's preset says of a hyperparameter."""
        return float(self.preset[name])

    @property
    def steps(self) -> int:
        """How many times the weights change in the whole job."""
        return steps_in_all(self.examples, self.hyperparameters)

    def words(self) -> dict[str, str]:
        """Return what fills the rules' texts: each hyperparameter, the guide's as `preset_…`, and figures."""
        figures = {
            "examples": self.examples,
            "validation": self.files.validation_examples or 0,
            "over_long": self.files.over_long_examples or 0,
            "fewest": self.min_examples,
            "recommended": self.recommended_examples,
            "steps": self.steps,
        }
        presets = {f"preset_{name}": value for name, value in self.preset.items()}
        shown = {**self.hyperparameters, **presets, **figures}
        return {name: number(value) for name, value in shown.items()} | {"model": self.model}
