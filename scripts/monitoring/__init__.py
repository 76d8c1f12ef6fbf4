"""Writes what is derived under deploy/: objectives, tests of alerts, dashboards. ``python -m scripts.monitoring``."""
