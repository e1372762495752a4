"""`reports/report.html`: the state of the home on one page that needs nothing but a browser.

In: the mash, the ledgers and manifests of a distillation, its lanes. Out: one HTML file, styles and pictures inside.
Always: every number leads to the query or the file it comes from; nothing is asked of a network; the same state gives
the same bytes; texts are those of lane rows, redacted, and nothing of them acts as HTML.
"""
