"""What a sensor or schedule may start."""

from typing import Any, TypeAlias

#: A job, or what `define_asset_job` returns; Dagster does not export the name of that type.
Job: TypeAlias = Any
