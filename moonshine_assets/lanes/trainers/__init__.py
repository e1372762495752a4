"""What each trainer reads: one file a trainer, which turns a lane's row into a line of the form it takes.

In: rows of a published lane. Out: a folder the trainer loads, with a manifest of what went in and came out. Always: a
row that a trainer would corrupt is left out under a reason and counted, never written and hoped for.
"""
