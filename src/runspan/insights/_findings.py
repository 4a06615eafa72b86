"""All findings of a selection: searched for in order, told once each, and put into words. Knows no screen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from runspan.insights._patterns import better_options, failing_goals, low_places, tied_errors
from runspan.insights._report import Finding, FindingKind
from runspan.insights._trends import miscalibrated, trends

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runspan.insights._tally import Tally

__all__ = ["all_findings"]

_PLACES: Final = {FindingKind.LOW_SUCCESS, FindingKind.BETTER_OPTION}
_TIMES: Final = {FindingKind.WORSENING, FindingKind.IMPROVING}


def all_findings(tally: Tally) -> tuple[Finding, ...]:
    """Return each pattern once, the clearest first."""
    better, explained = better_options(tally.cells)
    over_time = trends(tally.periods.outcomes)
    changing = [finding.place for finding in over_time]
    low = [finding for finding in low_places(tally.cells, explained) if finding.place not in changing]
    places, errors = _with_errors([*better, *low], tied_errors(tally))
    found = [*places, *errors, *failing_goals(tally), *miscalibrated(tally.bins), *over_time]
    found.sort(key=lambda finding: -finding.deviations)
    return tuple(replace(finding, text=_sentence(finding)) for finding in found)


def _with_errors(places: Iterable[Finding], errors: Iterable[Finding]) -> tuple[list[Finding], list[Finding]]:
    """Tell an error that comes from a place which fails too often with that place."""
    told = list(places)
    rest: list[Finding] = []
    for error in errors:
        index = next((i for i, place in enumerate(told) if _is_same(place, error)), None)
        if index is None:
            rest.append(error)
        elif told[index].error is None:  # the most frequent comes first
            told[index] = replace(told[index], error=error.error)
    return told, rest


def _is_same(place: Finding, error: Finding) -> bool:
    """Whether one of both places lies in the other."""
    shared = place.place.keys() & error.place.keys()
    is_inside = shared in ({*place.place}, {*error.place})
    return is_inside and all(place.place[name] == error.place[name] for name in shared)


def _sentence(finding: Finding) -> str:
    where = _where(finding)
    rate, baseline = f"{finding.rate:.0%}", f"{finding.baseline:.0%}"
    because = f" Most failures say: {finding.error}" if finding.error and finding.kind in _PLACES else ""
    match finding.kind:
        case FindingKind.LOW_SUCCESS:
            return f"{where} succeeds in {rate} of {finding.count:,} outcomes, elsewhere it is {baseline}.{because}"
        case FindingKind.BETTER_OPTION:
            better = f"{finding.better_option} succeeds in {baseline}"
            return f"{where} is chosen most and succeeds in {rate} of {finding.count:,} outcomes; {better}.{because}"
        case FindingKind.TIED_ERROR:
            return f"{rate} of {finding.count:,} failures come from {where.lower()}, which say: {finding.error}"
        case FindingKind.FAILING_RUNS:
            missed = f"{1 - finding.rate:.0%} of {finding.count:,} runs without a failed decision fail"
            return f"{where}: {missed}, elsewhere it is {1 - finding.baseline:.0%}."
        case FindingKind.WORSENING | FindingKind.IMPROVING:
            verb = "falls" if finding.kind is FindingKind.WORSENING else "rises"
            return f"{where}: success {verb} from {baseline} in the first third of the time to {rate} in the last."
    steps = " and ".join(f"{low:.0%}-{high:.0%}" for low, high in finding.confidences)
    return f"Options given a confidence of {steps} succeed in {rate} of {finding.count:,} outcomes, not in {baseline}."


def _where(finding: Finding) -> str:
    place = finding.place
    names = {"goal": "goal", "node": "node", "decision_type": "type", "option": "option", "intent": "decision"}
    order = [name for name in ("option", "intent", "decision_type", "node", "goal") if name in place]
    words = " in ".join(f"{names[name]} {place[name]}" for name in order)
    return words[:1].upper() + words[1:] if words else "Everywhere"
