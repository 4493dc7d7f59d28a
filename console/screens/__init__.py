"""Screens: each draws a view-model and posts what the operator asked for."""
