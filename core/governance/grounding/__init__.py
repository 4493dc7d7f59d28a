"""Purpose grounding: do an action's operation and targets come from what the user asked?"""
