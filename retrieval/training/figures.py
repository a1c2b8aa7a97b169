"""How good a ranker's choices are on samples it does not learn from."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean


@dataclass(frozen=True, slots=True)
class Pick:
    """What a ranker chose for one held-out sample. All losses in nats, weighted as in training.

    Attributes:
        key: Of the sample.
        none: The loss with nothing else in the prompt.
        lexical: With the best candidate of the first stage.
        best: With the ranker's best candidate.
        top: The mean of its best candidates, each alone.
        stops: Whether it said that nothing helps.
        oracle: The lowest loss known of the sample, none's among them.
    """

    key: str
    none: float
    lexical: float
    best: float
    top: float
    stops: bool
    oracle: float

    @property
    def chosen(self) -> float:
        """The loss with what the ranker would put into the prompt."""
        return self.none if self.stops else self.best

    @property
    def stops_rightly(self) -> bool:
        """Whether it stopped just where its best candidate would not have helped."""
        return self.stops == (self.best >= self.none)


@dataclass(frozen=True, slots=True)
class RoundFigures:
    """What a round came to.

    Attributes:
        round: 0 is before any training.
        picks: One for each held-out sample, in their order.
        training_loss: The objective's mean in the last epoch; 0 before any training.
        num_rewards: Losses known by the end of the round.
        seconds: That the call took for it which ended it.
    """

    round: int
    picks: tuple[Pick, ...]
    training_loss: float = 0.0
    num_rewards: int = 0
    seconds: float = 0.0

    @property
    def chosen(self) -> float:
        """The mean loss with what the ranker chose; rounds are compared by it."""
        return fmean(pick.chosen for pick in self.picks)

    def summary(self, oracle: Sequence[float] = ()) -> dict[str, float]:
        """Return the figures of a learning curve by name.

        Args:
            oracle: The lowest losses known by now, for rounds to be compared; those known then
                when left out.
        """
        lowest = oracle or [pick.oracle for pick in self.picks]
        none = fmean(pick.none for pick in self.picks)
        gain = none - fmean(lowest)
        return {
            "none": none,
            "lexical": fmean(pick.lexical for pick in self.picks),
            "chosen": self.chosen,
            "without_stop": fmean(pick.best for pick in self.picks),
            "top": fmean(pick.top for pick in self.picks),
            "oracle": fmean(lowest),
            "oracle_share": (none - self.chosen) / gain if gain > 0 else 0.0,
            "stops": fmean(pick.stops for pick in self.picks),
            "stops_rightly": fmean(pick.stops_rightly for pick in self.picks),
        }


def best_round(rounds: Sequence[RoundFigures]) -> RoundFigures:
    """Return the round whose choices are best; of equal ones the first."""
    return min(rounds, key=lambda figures: figures.chosen)


def curve(rounds: Sequence[RoundFigures]) -> list[dict[str, float]]:
    """Return one entry for each round, all against the lowest losses known by now."""
    oracle = [pick.oracle for pick in rounds[-1].picks] if rounds else []
    return [
        {
            "round": figures.round,
            **figures.summary(oracle),
            "training_loss": figures.training_loss,
            "num_rewards": figures.num_rewards,
            "seconds": round(figures.seconds, 1),
        }
        for figures in rounds
    ]
