"""What has to be bought for a dish."""

from pantry import Pantry
from recipe import Ingredient, Recipe


def shopping_list(recipe: Recipe, pantry: Pantry) -> list[Ingredient]:
    """Return the ingredients that the pantry has not enough of."""
    needed: list[Ingredient] = []
    for ingredient in recipe.ingredients:
        
    return needed


def print_list(ingredients: list[Ingredient]) -> None:
    """Print one line for each ingredient."""
    for ingredient in ingredients:
        amount = f"{ingredient.amount:g} {ingredient.unit.value}"
        print(f"- {amount} {ingredient.name}")
