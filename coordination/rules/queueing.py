"""Results known exactly, against which the simulation of slots is checked (`coordination.rules.sizing`).

Requests of a week follow a Poisson law of mean ``mean``. Sources: the sums are elementary; the slotted queue is that of
a server of one place a week (discrete M/D/1 seen just after each slot: Q' = max(Q + A - 1, 0), whose first two moments
give the mean below).
"""

from __future__ import annotations

from math import exp


def poisson(mean: float, most: int) -> list[float]:
    """Chances of 0, 1, … ``most`` requests in a week."""
    chances = [exp(-mean)]
    for count in range(1, most + 1):
        chances.append(chances[-1] * mean / count)
    return chances


def served_without_wait(mean: float, places: int) -> float:
    """E[min(A, k)]: requests served a week when one that finds no place that very week goes elsewhere."""
    chances = poisson(mean, places)
    few = sum(count * chance for count, chance in enumerate(chances[:places]))
    return few + places * (1 - sum(chances[:places]))


def fill_without_wait(mean: float, places: int) -> float:
    """E[min(A, k)] / k: the share of the places that are taken then."""
    return served_without_wait(mean, places) / places


def mean_backlog(load: float) -> float:
    """Patients left waiting after each slot, on average, with one slot a week and nobody giving up: ρ² / (2 (1 - ρ)).

    ``load`` is the mean number of requests a week. Raises ValueError from one on: the line grows without end.
    """
    if not 0 <= load < 1:
        raise ValueError("the line is only stable below one request a slot")
    return load * load / (2 * (1 - load))


def idle_share(load: float) -> float:
    """The share of the slots that nobody takes in that queue: 1 - ρ."""
    if not 0 <= load < 1:
        raise ValueError("the line is only stable below one request a slot")
    return 1 - load


def served_at_once(load: float) -> float:
    """The share of the requests that have the very next slot in that queue: (1 - ρ) (e^ρ - 1) / ρ.

    The line is empty after a slot with the chance P(Q = 0) = (1 - ρ) e^ρ, for a slot is idle, 1 - ρ of the time, when
    it is and nobody comes; then one of those who come has the next slot, if anybody does.
    """
    if not 0 < load < 1:
        raise ValueError("the line is only stable below one request a slot")
    return (1 - load) * (exp(load) - 1) / load
