"""Exports and agent logs with planted truth: what each lane must hold, what it must not, which texts may not leak."""
