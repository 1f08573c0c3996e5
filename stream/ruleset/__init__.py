"""FROM TEXT TO A PLAN: rule files become compiled questions, or every mistake with its place; pure, opens nothing."""
