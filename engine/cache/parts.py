"""What all caches of one model share."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.cache.kernels import Kernels
from engine.cache.pace import Pace
from engine.model.decoder import Decoder
from engine.model.rotary import RotaryTable

MOST_SHORT_TOKENS = 4
"""Packed weights are no faster beyond: their products cost by the token, and full ones hardly."""
MOST_SHORT_SCORES = 8
"""The same for the output layer, whose full weights are in a slower order."""


@dataclass(frozen=True, slots=True)
class CacheParts:
    """The model and the ways to compute with it.

    Attributes:
        decoder: The model as stored; all that a cache keeps is encoded with it.
        short_decoder: The same model for passes over few tokens, perhaps with packed weights;
            only candidates are written with it. The decoder itself where nothing is packed.
        tables: Rotary tables per layer, shared between layers that turn alike.
        kernels: Ways to attend.
        sure_margin: Between the two highest scores of a short pass; a closer decision is taken
            again with the decoder.
        pace: What passes took.
    """

    decoder: Decoder
    short_decoder: Decoder
    tables: Sequence[RotaryTable]
    kernels: Kernels
    sure_margin: float = 0.0
    pace: Pace = field(default_factory=Pace)

    def decoder_for(self, num_tokens: int) -> Decoder:
        """Return the faster decoder for a pass that nothing keeps."""
        return self.short_decoder if num_tokens <= MOST_SHORT_TOKENS else self.decoder

    def scorer_for(self, num_tokens: int) -> Decoder:
        """Return the decoder with the faster output layer."""
        return self.short_decoder if num_tokens <= MOST_SHORT_SCORES else self.decoder

    @classmethod
    def of(
        cls,
        decoder: Decoder,
        *,
        short_decoder: Decoder | None = None,
        kernels: Kernels | None = None,
        sure_margin: float = 0.0,
    ) -> "CacheParts":
        """Gather the parts for a model, with nothing packed unless it is given."""
        configuration = decoder.configuration
        return cls(
            decoder=decoder,
            short_decoder=short_decoder or decoder,
            tables=_tables(decoder),
            kernels=kernels or Kernels.plain(configuration.attention_softcap),
            sure_margin=sure_margin,
        )


def _tables(decoder: Decoder) -> list[RotaryTable]:
    frequencies = decoder.configuration.frequencies
    tables = {id(layer): RotaryTable(layer, decoder.dtype, decoder.device) for layer in frequencies}
    return [tables[id(layer)] for layer in frequencies]
