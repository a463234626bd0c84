"""Time series: stamps and steps, windows, simple forecasts, scores of forecasts."""
