"""The distillation run: one id a state of the mash and policy, so that doing it again changes nothing."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

import duckdb

from moonshine_assets.distill.policy import Policy
from moonshine_assets.mash.state import mash_state
from moonshine_resources import clock
from moonshine_resources.atomic import read_json, write_json
from moonshine_resources.home import Home


def distillation_run_id(connection: duckdb.DuckDBPyConnection, home: Home, policy: Policy, moment: datetime) -> str:
    """The id of the distillation of this mash by this policy: `main_YYYYMMDD_HHMMSS`, made once.

    The ids are kept in `home.distillation_runs`, by the hash of (mash state, policy version).
    """
    identity = sha256(f"{mash_state(connection)} {policy.version}".encode()).hexdigest()
    known: dict[str, str] = read_json(home.distillation_runs) if home.distillation_runs.exists() else {}
    if identity not in known:
        base = f"main_{clock.stamp(moment)}"
        run_id, copy = base, 1
        while run_id in known.values():
            copy += 1
            run_id = f"{base}_{copy}"
        known[identity] = run_id
        write_json(home.distillation_runs, known)
    return known[identity]
