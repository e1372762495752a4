"""What starts runs by itself: a new export in the inbox, a mash that changed, the night.

Each sensor is a pure decision function over plain state and readings, and a thin Dagster wrapper around it.
"""
