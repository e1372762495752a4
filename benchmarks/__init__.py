"""Benchmarks: made-up exports of any size go in, measured ratios against a plain script come out.

Every figure compares runs that alternate in one sitting on one machine; absolute times are never promised.
"""
