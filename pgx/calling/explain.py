"""Why a gene was called as it was: per position, the genotype, its state, and what it says of each allele."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx.calling.model import GeneModel, model
from pgx.calling.patterns import usable
from pgx.errors import UsageError
from pgx.knowledge.base import KnowledgeBase
from pgx.types import NO_COPY, SPANNED, UNREAD, Genotypes, Likelihood, State

POSITIONS = {
    "sample": pl.String,
    "gene": pl.String,
    "chrom": pl.String,
    "pos_grch38": pl.Int64,
    "pos": pl.Int64,
    "rsid": pl.String,
    "ref": pl.String,
    "genotype": pl.String,
    "state": pl.String,
    "used": pl.Boolean,
    "weight": pl.Float64,
    "evidence": pl.String,
}
"""Columns of the per-position log. ``pos`` is in the file's build; ``genotype`` holds GRCh38 bases, ``.`` = unknown,
``*`` = removed by a deletion, one base = one copy; ``state`` is a `State` in lower case; ``used`` says whether the call
rests on it. ``weight`` is the genotype's share of the likelihood of all genotypes there (1 = as good as certain), and
``evidence`` the shares of the likeliest ones with what they come from (PL, GL, GP, DS, AD, GQ, DP or the kind of
site); null if the genotype is certain."""

REASONS = {"needed_by": pl.String, "supports": pl.String, "rules_out": pl.String}
"""Further columns of `explain`, allele names joined by ``;``: alleles that need another base here than the reference
allele's; those of them that the genotype shows on a strand; those that it shows on none. ``all others`` in
``rules_out`` means that no strand has the reference allele's base."""

ALL_OTHERS = "all others"
MOST_SHOWN = 3
"""Genotypes of a position in doubt whose share is shown."""


def explain(genotypes: Genotypes, kb: KnowledgeBase, gene: str, sample: str) -> pl.DataFrame:
    """Explain one gene of one sample.

    Parameters
    ----------
    genotypes
        What the reader found.
    kb
        Knowledge base.
    gene
        HGNC symbol.
    sample
        Sample name.

    Returns
    -------
    polars.DataFrame
        One row a position, with the columns of `POSITIONS` and `REASONS`.

    Raises
    ------
    UsageError
        If there is no such gene or sample.
    """
    if sample not in genotypes.samples:
        raise UsageError(f"the input has no sample {sample!r}")
    index = genotypes.samples.index(sample)
    one = model(kb, gene)
    sites = one.definition.sites
    codes = np.where(usable(genotypes.state[sites, index])[:, None], genotypes.alleles[sites, index], -1)
    reasons = [_reasons(one, p, codes[p]) for p in range(len(sites))]
    told = pl.DataFrame(reasons, schema=REASONS, orient="row")
    return pl.concat([_rows(genotypes, kb, one, np.array([index])), told], how="horizontal")


def _reasons(one: GeneModel, position: int, codes: NDArray[np.int8]) -> tuple[str | None, str | None, str | None]:
    names = one.definition.alleles
    needing = np.flatnonzero(one.naming.core[:, position]) if len(names) else np.zeros(0, dtype=np.intp)
    accepts = one.definition.accepts[:, position]
    seen = [int(code) for code in codes if code >= 0]
    inside = [code for code in seen if code < accepts.shape[1]]
    complete = bool(seen) and not any(code < 0 and code != NO_COPY for code in codes)
    shown = [a for a in needing if accepts[a, inside].any()]
    missed = [a for a in needing if complete and not accepts[a, inside].any()]
    rules_out = [names[a] for a in missed]
    if complete and len(names) and not one.naming.baseline[position, inside].any():
        rules_out.append(ALL_OTHERS)
    return _joined(names[a] for a in needing), _joined(names[a] for a in shown), _joined(rules_out)


def _joined(names: object) -> str | None:
    return ";".join(dict.fromkeys(names)) or None  # type: ignore[call-overload]


def position_log(genotypes: Genotypes, kb: KnowledgeBase, *, genes: list[str] | None = None) -> pl.DataFrame:
    """Return the state of every position of every gene in every sample (`POSITIONS`), genes in alphabetical order."""
    wanted = sorted(set(genes)) if genes is not None else list(kb.genes)
    everyone = np.arange(len(genotypes.samples))
    frames = [_rows(genotypes, kb, model(kb, gene), everyone) for gene in wanted]
    return pl.concat(frames) if frames else pl.DataFrame(schema=POSITIONS)


def _rows(genotypes: Genotypes, kb: KnowledgeBase, one: GeneModel, samples: NDArray[np.intp]) -> pl.DataFrame:
    """Rows of the log, sample by sample."""
    sites = one.definition.sites
    n_sites, n_samples = len(sites), len(samples)
    table = genotypes.sites.select("chrom", "pos_grch38", "pos", "ref", "alleles")[sites.astype(np.uint32)]
    state = genotypes.state[np.ix_(sites, samples)]
    alleles = genotypes.alleles[np.ix_(sites, samples)]
    phased = genotypes.phased[np.ix_(sites, samples)]
    names: dict[tuple[int, int, int, bool], str] = {}
    written = []
    for s in range(n_samples):
        for p in range(n_sites):
            key = (p, int(alleles[p, s, 0]), int(alleles[p, s, 1]), bool(phased[p, s]))
            if key not in names:
                names[key] = _genotype(table["alleles"][p], *key[1:])
            written.append(names[key])
    states = np.array([State(code).name.lower() for code in range(len(State))])
    used = usable(state) & (alleles >= 0).any(axis=2)
    weighed = _weights(genotypes, sites, samples, used)
    rsids = kb.sites["rsids"].list.first().gather(sites)
    return pl.DataFrame(
        {
            "sample": np.repeat(np.array([genotypes.samples[s] for s in samples], dtype=object), n_sites).tolist(),
            "gene": [one.definition.gene] * (n_sites * n_samples),
            **{
                c: pl.concat([table[c]] * n_samples) if n_samples else table[c].clear()
                for c in ("chrom", "pos_grch38", "pos")
            },
            "rsid": pl.concat([rsids] * n_samples) if n_samples else rsids.clear(),
            "ref": pl.concat([table["ref"]] * n_samples) if n_samples else table["ref"].clear(),
            "genotype": written,
            "state": states[state.T.ravel()].tolist(),
            "used": used.T.ravel().tolist(),
            "weight": [weight for weight, _ in weighed],
            "evidence": [text for _, text in weighed],
        },
        schema=POSITIONS,
    )


def _weights(
    genotypes: Genotypes, sites: NDArray[np.int32], samples: NDArray[np.intp], used: NDArray[np.bool_]
) -> list[tuple[float | None, str | None]]:
    """Weight and evidence of each genotype, sample by sample."""
    in_doubt: dict[tuple[int, int], Likelihood] = {}
    doubts = genotypes.doubts
    if doubts is not None:
        own = np.flatnonzero(np.isin(doubts.site, sites) & np.isin(doubts.sample, samples))
        in_doubt = {(int(doubts.site[d]), int(doubts.sample[d])): doubts.vectors[doubts.vector[d]] for d in own}
    found: list[tuple[float | None, str | None]] = []
    for s, sample in enumerate(samples.tolist()):
        for p, site in enumerate(sites.tolist()):
            likelihood = in_doubt.get((site, sample))
            if not used[p, s] or likelihood is None:
                found.append((1.0 if used[p, s] else None, None))
                continue
            shares = 10 ** (np.array(likelihood.tenths) / 10)
            shares /= shares.sum()
            shown = sorted(genotypes.alleles[site, sample].tolist())
            weight = sum(share for pair, share in zip(likelihood.pairs, shares, strict=True) if sorted(pair) == shown)
            bases = genotypes.sites["alleles"][site].to_list()
            told = [
                f"{_genotype(bases, likelihood.pairs[g][0], likelihood.pairs[g][1], phased=False)} {shares[g]:.3g}"
                for g in np.argsort(-shares, kind="stable")[:MOST_SHOWN]
            ]
            found.append((float(weight), f"{likelihood.evidence}: {', '.join(told)}"))
    return found


def _genotype(bases: list[str], first: int, second: int, phased: bool) -> str:
    strands = [_base(bases, code) for code in (first, second) if code != NO_COPY]
    return ("|" if phased else "/").join(strands)


def _base(bases: list[str], code: int) -> str:
    if code >= 0:
        return bases[code] if code < len(bases) else "?"
    return {SPANNED: "*", UNREAD: "?"}.get(code, ".")
