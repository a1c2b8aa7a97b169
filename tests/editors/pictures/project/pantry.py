"""What is in the house."""

from recipe import Ingredient
from units import convert


class Pantry:
    """Ingredients by name."""

    def __init__(self) -> None:
        self._stock: dict[str, Ingredient] = {}

    def add(self, ingredient: Ingredient) -> None:
        """Put something in; what is there already becomes more."""
        held = self._stock.get(ingredient.name)
        if held is not None:
            amount = held.amount + convert(ingredient.amount, ingredient.unit, held.unit)
            ingredient = Ingredient(held.name, amount, held.unit)
        self._stock[ingredient.name] = ingredient

    def has(self, ingredient: Ingredient) -> bool:
        """Say whether there is enough of something."""
        return self.missing(ingredient) is None

    def missing(self, ingredient: Ingredient) -> Ingredient | None:
        """Return what has to be bought of something; None if there is enough."""
        held = self._stock.get(ingredient.name)
        if held is None:
            return ingredient
        short = ingredient.amount - convert(held.amount, held.unit, ingredient.unit)
        if short <= 0:
            return None
        return Ingredient(ingredient.name, short, ingredient.unit)
