"""What a run does, decided before it begins: the same seed gives the same asks, moods and blows."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

WORKSPACES = 20
POOR = WORKSPACES - 1  # this one has credits for about half of what it asks for
CREDITS = 100_000
_LAST_ACT = 0.03  # share of the asks that come at the very end, when the key is refused


@dataclass(frozen=True)
class Ask:
    """One picture that somebody asks for.

    `posts` is how often the same request is sent, at the same time. `cut_after`: the caller of `/generate` hangs up
    after so many seconds. `cancel_after`: it is canceled then, if it can be.
    """

    number: int
    workspace: int
    awaited: bool = False
    posts: int = 1
    other_body: bool = False  # the key is used once more, for something else
    cut_after: float | None = None
    cancel_after: float | None = None
    deadline_seconds: int | None = None

    @property
    def prompt(self) -> str:
        """Unlike any other, so that the upstream's count can be laid beside ours."""
        return f"Ask {self.number:05}: warm oak, evening light"


@dataclass(frozen=True, order=True)
class Blow:
    """Something that breaks when so many generations have ended."""

    at: int
    kind: str


@dataclass(frozen=True)
class Mood:
    """How the upstream behaves when so many generations have ended: fields of its `Faults`."""

    at: int
    name: str
    faults: dict[str, Any]


@dataclass
class Plan:
    """`last_asks` come when all the others have ended and the upstream has begun to refuse our key."""

    seed: int
    asks: list[Ask]
    last_asks: list[Ask]
    blows: list[Blow]
    moods: list[Mood]
    credits: list[int] = field(default_factory=list)  # of each workspace


def make(seed: int, generations: int) -> Plan:
    """`generations` is how many are to be accepted at least; a few more are asked for, since some are refused."""
    rng = random.Random(seed)
    count = generations * 106 // 100
    asks = [_ask(rng, number) for number in range(count)]
    poor = sum(ask.workspace == POOR for ask in asks)
    last = max(1, int(generations * _LAST_ACT))
    return Plan(
        seed=seed,
        asks=asks,
        last_asks=[Ask(count + n, rng.randrange(WORKSPACES - 1)) for n in range(last)],
        blows=_blows(rng, generations),
        moods=_moods(generations),
        credits=[CREDITS] * POOR + [10 * (poor // 2)],
    )


def _ask(rng: random.Random, number: int) -> Ask:
    workspace = rng.randrange(WORKSPACES)
    dice = rng.random()
    if dice < 0.04:
        return Ask(number, workspace, awaited=True)
    if dice < 0.06:
        return Ask(number, workspace, awaited=True, cut_after=rng.uniform(0.1, 1.5))
    if dice < 0.16:
        return Ask(number, workspace, posts=rng.randint(2, 4))
    if dice < 0.18:
        return Ask(number, workspace, other_body=True)
    if dice < 0.24:
        return Ask(number, workspace, cancel_after=rng.choice([0.0, rng.uniform(0.2, 6.0)]))
    if dice < 0.27:
        return Ask(number, workspace, deadline_seconds=rng.randint(60, 120))
    return Ask(number, workspace)


# Each happens once, in an order and at marks that the seed decides; freezes last 45 s beside the others.
BLOWS = (
    *("kill a worker",) * 6,
    "kill every worker",
    "terminate a worker",
    "freeze a worker",
    "freeze a worker and its children",
    "kill the web process",
    "kill the web process",
    "restart PostgreSQL",
    "crash PostgreSQL",
)


def _blows(rng: random.Random, generations: int) -> list[Blow]:
    kinds = list(BLOWS)
    rng.shuffle(kinds)
    # Freezes in the first half, or there would be nothing left to do when the worker wakes up.
    kinds.sort(key=lambda kind: not kind.startswith("freeze"))
    room = 0.85 * generations / len(kinds)
    return sorted(Blow(int((n + rng.uniform(0.2, 0.9)) * room), kind) for n, kind in enumerate(kinds))


def _moods(generations: int) -> list[Mood]:
    """Few 429 in ordinary times: each one halves what may be under way, and the run would take an hour."""
    lost = {"unavailable": 0.01, "reset_before": 0.01, "reset_after": 0.01, "cut": 0.01, "drip": 0.003}
    odd = {"no_json": 0.005, "no_png": 0.005, "bomb": 0.003, "cost_odd": 0.01, "cost_text": 0.01}
    every = lost | odd | {"failed": 0.03, "busy": 0.001, "busy_silent": 0.001}
    moods = [
        (0.0, "a little of everything", every, {}),
        (0.2, "too many requests", every | {"busy": 0.2, "busy_silent": 0.1}, {}),
        (0.22, "a little of everything", every, {}),
        (0.4, "large pictures", every, {"picture_bytes": 3_000_000}),
        (0.42, "a little of everything", every, {"picture_bytes": 0}),
        (0.5, "many calls fail", every | {"failed": 0.25}, {}),
        (0.55, "connections are lost", lost | {"reset_before": 0.1, "reset_after": 0.1, "cut": 0.08}, {}),
        (0.6, "a little of everything", every, {}),
    ]
    return [
        Mood(int(mark * generations), name, {"latency": (0.2, 2.0), "chances": chances, **more})
        for mark, name, chances, more in moods
    ]


def summary(plan: Plan) -> dict[str, Any]:
    """How much of what."""
    return {
        "asks": len(plan.asks) + len(plan.last_asks),
        "awaited": sum(ask.awaited for ask in plan.asks),
        "hung up on": sum(ask.cut_after is not None for ask in plan.asks),
        "sent more than once": sum(ask.posts > 1 for ask in plan.asks),
        "to be canceled": sum(ask.cancel_after is not None for ask in plan.asks),
        "with a deadline": sum(ask.deadline_seconds is not None for ask in plan.asks),
    }
