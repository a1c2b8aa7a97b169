"""Units of a recipe, and how they turn into one another."""

from enum import Enum


class Unit(Enum):
    """A unit of mass, volume or number."""

    GRAM = "g"
    KILOGRAM = "kg"
    MILLILITRE = "ml"
    LITRE = "l"
    PIECE = "piece"


FACTORS = {
    (Unit.KILOGRAM, Unit.GRAM): 1000.0,
    (Unit.LITRE, Unit.MILLILITRE): 1000.0,
}


def convert(amount: float, source: Unit, target: Unit) -> float:
    """Return the amount in another unit.

    Raises:
        ValueError: If the units measure different things.
    """
    if source is target:
        return amount
    if (source, target) in FACTORS:
        return amount * FACTORS[source, target]
    if (target, source) in FACTORS:
        return amount / FACTORS[target, source]
    raise ValueError(f"{source.value} cannot become {target.value}")
