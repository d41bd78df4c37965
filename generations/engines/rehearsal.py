"""What a test key can have happen by its prompt: every way in which a picture may fail, and a slow one.

`simulate:<word>` as the whole prompt. Only test keys are heard; to anybody else it is a prompt like any other.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from generations.engines.base import Again, Engine, EngineError, EngineRequest, EngineResult

PREFIX = "simulate:"
SLOW_SECONDS = 20.0

# Told by the answer to the request itself; nothing is made. Word: what it rehearses.
AT_ONCE = {
    "insufficient_credits": "402: the balance is too low",
    "budget_exceeded": "402: a budget of a member, a client or a key is used up",
    "rate_limited": "429: too many requests in this minute",
}
# Told by the generation, by webhook and to who waits for it. Code: the sentence.
IN_THE_MAKING = {
    "bad_source": "The file at that address is no picture.",
    "rejected": "The design service could not use this photo.",
    "service_unavailable": "The design service is unavailable.",
    "outcome_unknown": "The connection to the design service was lost before it answered.",
    "internal_error": "Something broke on our side.",
    "deadline_passed": "It was not ready by its deadline and was given up.",
}
SLOW = "slow"
WORDS = (*AT_ONCE, *IN_THE_MAKING, SLOW)


def word_of(prompt: str) -> str:
    """What the prompt rehearses; "" when it is an ordinary one."""
    return prompt.strip().removeprefix(PREFIX) if prompt.strip().startswith(PREFIX) else ""


@dataclass
class Rehearsal:
    """An engine that fails as it is told, or takes its time over what another one makes."""

    word: str
    engine: Engine
    name: str = "preview"
    repeatable: bool = True

    def generate(self, request: EngineRequest) -> EngineResult:
        """Raises the EngineError of its word."""
        if self.word in IN_THE_MAKING:
            raise EngineError(self.word, IN_THE_MAKING[self.word], again=Again.NO, detail="rehearsed")
        if self.word == SLOW:
            time.sleep(min(SLOW_SECONDS, max(0.0, request.seconds_left - 30)))
        return self.engine.generate(request)
