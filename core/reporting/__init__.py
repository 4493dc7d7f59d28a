"""Reports: what they hold, where it comes from, and the forms in which they are written."""
