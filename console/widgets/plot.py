"""Three lines of a series, drawn by plotext. Loaded when the first such chart is."""

from typing import Any

from console.view_models.metrics import Series


def plot_rows(series: Series, *, width: int, height: int) -> list[str]:
    """Minimum and maximum as dots, the mean solid: told apart without colour.

    `series` must be downsampled to at most twice `width` points.
    """
    import plotext  # type: ignore[import-untyped]  # noqa: PLC0415 # pyright: ignore[reportMissingTypeStubs] - slow to load, and without types

    chart: Any = plotext
    figure = chart.figure
    chart.terminal.limit(width=False, height=False)  # the pane is the room, not the terminal
    figure.clear.all()
    figure.theme("colorless")
    figure.plot_size(width, height)
    for run in series.runs:
        lines = (run.lows, "braille"), (run.highs, "braille"), (run.means, "hd")
        for values, marker in lines:
            figure.draw(figure.signal(run.times, values, marker=marker).lines())
    left, lower = figure.ruler("y", "left"), figure.ruler("x", "lower")
    left.lim(series.low, series.high)
    left.ticks([at for at, _ in series.value_ticks], [text for _, text in series.value_ticks])
    lower.lim(series.since_s, series.until_s)
    lower.ticks([at for at, _ in series.time_ticks], [text for _, text in series.time_ticks])
    return str(chart.uncolorize(str(figure.build()))).splitlines()
