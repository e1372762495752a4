"""A sensor as the daemon drives it: evaluated on an instance, its cursor kept, its partitions added."""

from __future__ import annotations

import logging

import dagster as dg

from moonshine_assets.definitions import defs
from moonshine_resources.home import Home
from moonshine_resources.resources import HomeResource


class Ticking:
    """Ticks of one sensor over one home."""

    def __init__(self, name: str, instance: dg.DagsterInstance, home: Home) -> None:
        self._sensor = defs.resolve_sensor_def(name)
        self._instance = instance
        self._home = home
        self.cursor: str | None = None
        self.logged: list[logging.LogRecord] = []

    def tick(self) -> list[dg.RunRequest]:
        """One evaluation; the runs it asks for."""
        context = dg.build_sensor_context(
            instance=self._instance,
            instance_ref=self._instance.get_ref(),
            cursor=self.cursor,
            definitions=defs,
            sensor_name=self._sensor.name,
            resources={"home": HomeResource(root=str(self._home.root))} if self._sensor.name != "mash_changed" else {},
        )
        with context:
            kept = _Kept(self.logged)
            context.log.addHandler(kept)
            data = self._sensor.evaluate_tick(context)
        for request in data.dynamic_partitions_requests or []:
            self._instance.add_dynamic_partitions(request.partitions_def_name, list(request.partition_keys))
        self.cursor = data.cursor
        return list(data.run_requests or [])


class _Kept(logging.Handler):
    def __init__(self, records: list[logging.LogRecord]) -> None:
        super().__init__()
        self._records = records

    def emit(self, record: logging.LogRecord) -> None:
        self._records.append(record)
