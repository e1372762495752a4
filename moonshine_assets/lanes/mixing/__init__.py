"""Mixed sets: of each lane the rows that make its providers alike in quality and length.

In: published lanes, the scores of conversations. Out: a lane folder for each lane that could be balanced, and
`mix_manifest.json` with the figures before and after. Always: what could not be balanced is said to be so.
"""
