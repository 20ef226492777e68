"""Build ``ancestry_axes.tsv`` and ``ancestry_groups.tsv`` from a panel with known groups.

Run ``python -m pgx.build_data.ancestry --panel VCF --people TSV -o data/knowledge``. The panel's unrelated persons
are placed on the principal components (scikit-allel, Patterson's scaling) of the common variants at the positions of
the allele definitions on the autosomes; each group is a normal cloud. Prints the share of persons whose group is right
in five-fold cross-validation.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx.features.ancestry import AXES, dosages
from pgx.knowledge import KnowledgeBase, load
from pgx.tables import write_table

MIN_FREQUENCY, MIN_CALLED, FOLDS = 0.01, 0.95, 5


def build(panel: Path, people: Path, kb: KnowledgeBase, source: str) -> tuple[pl.DataFrame, pl.DataFrame, float]:
    """Return the two tables and the share of right groups in cross-validation.

    Parameters
    ----------
    panel
        VCF of the panel at the positions of the allele definitions.
    people
        TSV with ``sample``, ``superpopulation`` and ``father``; persons with a father in it are left out.
    kb
        Knowledge base.
    source
        What the tables say they are from.
    """
    import allel

    from pgx import variants

    genotypes = variants.read([panel], kb)
    listed = pl.read_csv(people, separator="\t", infer_schema=False).filter(pl.col("father") == "0")
    places = {sample: i for i, sample in enumerate(genotypes.samples)}
    listed = listed.filter(pl.col("sample").is_in(list(places)))
    kept = [places[sample] for sample in listed["sample"]]
    names = {
        code.lower(): name
        for name, synonyms in kb.table("groups").select("name", "synonyms").iter_rows()
        for code in (synonyms or "").split(";")
    }
    groups = np.array([names[code.lower()] for code in listed["superpopulation"]])
    sites = genotypes.sites.select("chrom", "pos_grch38")
    dosage = dosages(genotypes, sites)[:, kept]
    known = np.isfinite(dosage)
    mean = np.where(known, dosage, 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    common = (mean / 2 > MIN_FREQUENCY) & (mean / 2 < 1 - MIN_FREQUENCY) & (known.mean(axis=1) > MIN_CALLED)
    used = common & ~sites["chrom"].is_in(["chrX", "chrM"]).to_numpy()
    mean = mean[used]
    filled = np.where(known[used], dosage[used], mean[:, None])
    scale = np.sqrt(mean / 2 * (1 - mean / 2))
    points, model = allel.pca(filled, n_components=AXES, scaler="patterson")
    loadings = np.asarray(model.components_).T
    # The sign of an axis is arbitrary; fixing it keeps the tables the same on every machine.
    signs = np.sign(loadings[np.abs(loadings).argmax(axis=0), np.arange(AXES)])
    loadings, points = loadings * signs, np.asarray(points, dtype=float) * signs
    axes = sites.filter(pl.Series(used)).with_columns(mean=pl.Series(mean.round(6)), scale=pl.Series(scale.round(6)))
    axes = axes.with_columns(pl.Series(f"pc{i + 1}", loadings[:, i].round(6)) for i in range(AXES)).with_columns(
        source=pl.lit(source)
    )
    return axes, _clouds(points, groups, source), _accuracy(points, groups)


def _clouds(points: NDArray[np.float64], groups: NDArray[np.str_], source: str) -> pl.DataFrame:
    rows = []
    for group in sorted(set(groups.tolist())):
        own = points[groups == group]
        covariance = np.cov(own.T)
        rows += [
            (
                group,
                axis + 1,
                len(own),
                float(own[:, axis].mean().round(6)),
                *covariance[axis].round(6).tolist(),
                source,
            )
            for axis in range(AXES)
        ]
    names = ["group", "axis", "n", "mean", *(f"c{i}" for i in range(1, AXES + 1)), "source"]
    return pl.DataFrame(rows, schema=names, orient="row")


def _accuracy(points: NDArray[np.float64], groups: NDArray[np.str_]) -> float:
    folds = np.random.default_rng(1).integers(0, FOLDS, len(groups))
    names, right = sorted(set(groups.tolist())), 0
    for fold in range(FOLDS):
        train, test = folds != fold, folds == fold
        logs = []
        for name in names:
            own = points[train & (groups == name)]
            away, covariance = points[test] - own.mean(axis=0), np.cov(own.T)
            squared = np.einsum("ij,jk,ik->i", away, np.linalg.inv(covariance), away)
            logs.append(-0.5 * (squared + np.linalg.slogdet(covariance)[1]))
        right += int((np.array(names)[np.argmax(logs, axis=0)] == groups[test]).sum())
    return right / len(groups)


def main() -> None:
    """Read the arguments and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--panel", type=Path, required=True)
    parser.add_argument("--people", type=Path, required=True)
    parser.add_argument("--source", default="1000 Genomes Project, New York Genome Center 30x, GRCh38")
    parser.add_argument("-o", "--out", type=Path, required=True)
    chosen = parser.parse_args()
    axes, clouds, accuracy = build(chosen.panel, chosen.people, load(), chosen.source)
    write_table(axes, chosen.out / "ancestry_axes.tsv")
    write_table(clouds, chosen.out / "ancestry_groups.tsv")
    print(f"{axes.height} positions, {AXES} axes; group right in {accuracy:.1%} of cross-validation")


if __name__ == "__main__":
    main()
