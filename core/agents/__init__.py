"""The catalogue of the ten specialists, and what each of them does."""
