"""Bringing events in: read as JSON lines or from another topic, checked, and produced in order."""
