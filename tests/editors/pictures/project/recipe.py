"""Recipes: what goes into a dish, and how much of it."""

from dataclasses import dataclass, field

from units import Unit


@dataclass(frozen=True)
class Ingredient:
    """One thing that goes into a dish."""

    name: str
    amount: float
    unit: Unit

    def scaled(self, factor: float) -> "Ingredient":
        """Return the same ingredient in another amount."""
        return Ingredient(self.name, self.amount * factor, self.unit)


@dataclass
class Recipe:
    """A dish for a number of people."""

    title: str
    servings: int
    minutes: int
    ingredients: list[Ingredient] = field(default_factory=list)

    def for_servings(self, servings: int) -> "Recipe":
        """Return the recipe for another number of people."""
        factor = servings / self.servings
        scaled = [ingredient.scaled(factor) for ingredient in self.ingredients]
        return Recipe(self.title, servings, self.minutes, scaled)
