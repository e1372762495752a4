"""Marks by the form of a text: turns a program wrote in the person's name, text copied from elsewhere."""

from __future__ import annotations

import polars as pl

from moonshine_assets.distill.cleaning_policy import Signals


def machine(head: pl.Expr, rules: Signals) -> pl.Expr:
    """Name of the first mark that matches; null where none does."""
    return pl.coalesce(
        pl.lit(None, pl.String),
        *(pl.when(head.str.contains(mark.pattern)).then(pl.lit(mark.name)) for mark in rules.machine),
    )


def signatures(head: pl.Expr, code_share: pl.Expr, addresses: pl.Expr, rules: Signals) -> pl.Expr:
    """Names of all that match, in order; `mostly_code` and `web_crawl` also by figures."""
    named = [
        pl.when(head.str.contains(mark.pattern)).then(pl.lit(mark.name))
        for mark in rules.signatures
        if mark.name != "web_crawl"
    ]
    crawl = addresses > rules.addresses_per_thousand
    for mark in rules.signatures:
        if mark.name == "web_crawl":
            crawl |= head.str.contains(mark.pattern)
    named.append(pl.when(crawl).then(pl.lit("web_crawl")))
    named.append(pl.when(code_share > rules.mostly_code_share).then(pl.lit("mostly_code")))
    return pl.concat_list(named).list.drop_nulls()
