"""A request's `method`: OpenAI's newer place for hyperparameters, one sub-object per way to tune."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from domain import hyperparameters, presets
from domain.errors import InvalidRequest
from domain.hyperparameters import LIMITS, Limit, OneOf, Range, merged
from domain.presets import Variant
from domain.wording import as_written

SUPERVISED: Final = "supervised"
MOST_STEPS: Final = 1_000_000
METHODS: Final[Mapping[str, Mapping[str, Limit]]] = {
    SUPERVISED: LIMITS,
    "dpo": {**LIMITS, "beta": Range(0, 2, auto=True, over=True)},
    "reinforcement": {
        **LIMITS,
        "reasoning_effort": OneOf(("default", "low", "medium", "high")),
        "compute_multiplier": Range(0.00001, 10, auto=True, over=True),
        "eval_interval": Range(1, MOST_STEPS, whole=True, auto=True),
        "eval_samples": Range(1, MOST_STEPS, whole=True, auto=True),
    },
}


@dataclass(frozen=True, slots=True)
class Tuning:
    """How a job is to be tuned: the method as it is kept, and the hyperparameters by size of file."""

    method: Mapping[str, Any] | None
    given: Mapping[str, Any]
    variants: tuple[Variant | None, ...]


def tuning(top: Mapping[str, Any], method: Mapping[str, Any] | None) -> Tuning:
    """Check both places of a request and say what they come to.

    Supervised tuning gets the presets for what nobody named; the other methods are passed through as they
    were sent. SDKs send all three sub-objects; only the one named by `type` counts.

    Raises:
        InvalidRequest: a hyperparameter or the method is not valid, or the two places contradict each other.
    """
    given = hyperparameters.check(top)
    if method is None:
        return Tuning(None, given, presets.variants(given))
    kind = method.get("type", SUPERVISED)
    if not isinstance(kind, str) or kind not in METHODS:
        message = f"Invalid method.type: {as_written(kind)} is none of {', '.join(METHODS)}."
        raise InvalidRequest(message, param="method.type")
    chosen = _chosen(method, kind)
    inner = chosen.get("hyperparameters") or {}
    both = merged(given, inner, inner_param=f"method.{kind}.hyperparameters")
    kept = {"type": kind, kind: chosen} if method.get(kind) is not None else {"type": kind}
    if kind == SUPERVISED:
        return Tuning(kept, both, presets.variants(both))
    return Tuning(kept, given, (Variant(given),))


def _chosen(method: Mapping[str, Any], kind: str) -> dict[str, Any]:
    chosen = dict(_object(method.get(kind), f"method.{kind}"))
    param = f"method.{kind}.hyperparameters"
    inner = hyperparameters.check(
        _object(chosen.get("hyperparameters"), param), param=param, limits=METHODS[kind]
    )
    if kind == "reinforcement" and not _object(chosen.get("grader"), "method.reinforcement.grader"):
        message = "Missing required parameter: method.reinforcement.grader"
        raise InvalidRequest(message, param="method.reinforcement.grader", code="missing_required_parameter")
    return {**chosen, "hyperparameters": inner} if "hyperparameters" in chosen else chosen


def _object(value: Any, param: str) -> Mapping[str, Any]:
    if value is not None and not isinstance(value, Mapping):
        raise InvalidRequest(f"Invalid {param}: {as_written(value)} is not an object.", param=param)
    return value or {}


def with_hyperparameters(
    method: Mapping[str, Any] | None, resolved: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """Return the method with what its hyperparameters came to, where it has a place for them."""
    if method is None or method.get(SUPERVISED) is None:
        return method
    return {**method, SUPERVISED: {**method[SUPERVISED], "hyperparameters": dict(resolved)}}
