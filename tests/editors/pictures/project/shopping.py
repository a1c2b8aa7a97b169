"""What has to be bought for the dishes of a week."""

from pantry import Pantry
from recipe import Ingredient, Recipe


def shopping_list(recipes: list[Recipe], pantry: Pantry) -> list[Ingredient]:
    """Return everything that is missing, in the order of the recipes."""
    missing_ingredients = []
    for recipe in recipes:
        for ingredient in recipe.ingredients:
            
    return missing_ingredients


def quick_recipes(recipes: list[Recipe], minutes: int) -> list[Recipe]:
    """Return what is ready in time, the quickest first."""
    return sorted(
        (recipe for recipe in recipes if recipe.minutes <= minutes),
        key=lambda recipe: recipe.minutes,
    )
