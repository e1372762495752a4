"""What Moonshine computes: one folder a stage, in the order the data flows.

exports → providers → archive → mash → distill → lanes → ledger → reports.
"""

import warnings

# Per-partition checks and source links are preview and beta in the pinned Dagster, and tested here; their notices would
# come a hundred times a command.
warnings.filterwarnings("ignore", message=r".*is currently in (preview|beta)")
