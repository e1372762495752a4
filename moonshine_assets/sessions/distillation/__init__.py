"""Distillation: what of an archived session must not be forgotten, each statement with the messages that say so.

In: a verified archive. Out: a summary file, its section in the memory of the day, and a `DistillationRecord`. Always:
every statement cites messages the archive has; what cites others, or holds a number, path or quotation they do not
say, is rejected; without a model, a key or a network the rules on this machine do all of it.
"""
