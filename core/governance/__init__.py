"""Identity, screening, judge and counsel, operator, audit: the one way of a risky act."""
