"""What Moonshine computes: one folder a stage, in the order the data flows.

exports → providers → archive → mash → distill → lanes → ledger → reports.
"""
