"""Archive first: a run's artefacts and the mash as it was, verified by reading back, before anything is merged.

In: a published run, the mash. Out: `archive/<provider>/<run_id>/` and the pre-merge snapshot. Always: no merge without
both, and both can be restored.
"""
