"""How often a lane's labels are right, as people judged a sample of its rows.

In: rows of published lanes and what people said of them. Out: labels, appended and kept for ever, and a precision with
its interval for each signal. Always: no figure without labels, and a language model's opinion never counts as one.
"""
