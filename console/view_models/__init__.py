"""Pure view-models: a snapshot in, frozen rows and strings out."""
