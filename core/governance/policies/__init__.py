"""Policy packs in Cedar: their schema, how they load, how they are judged, tested, replayed."""
