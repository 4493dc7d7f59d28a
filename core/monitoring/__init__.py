"""The metric catalogue, readings, time series and alerts."""
