"""Texts that say nearly the same: found by MinHash, verified by their Jaccard index, gathered under one of them.

In: normalised texts. Out: the tables minhash_bands, near_pairs and near_duplicates. Always: a text is gathered under
another only if their own Jaccard index was computed and is not below the policy's floor.
"""
