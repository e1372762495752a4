"""What a person reads and what may be quoted: manifests, corpus report, pictures, and the gates over them.

In: the mash, the ledgers, the lanes' manifests. Out: `reports/*.json`, `reports/*.md`, `reports/visuals/`. Always:
every printed total cites the field it stands in, and doing it again changes no byte.
"""
