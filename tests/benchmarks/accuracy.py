"""How right the calls are, measured on the panel of ../shared.

``python -m tests.benchmarks.accuracy [TABLE]...`` prints the tables asked for, without arguments all of them (some
minutes): consensus, peers, unphased, gaps, families, builds, genomes, next_tests, outputs. ``--every N`` takes every Nth person. Unphased calls and calls with gaps are made
with frequencies counted in the other half of the families, so that no person's own strands are in the prior.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import shutil
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

import pgx
from pgx import knowledge
from pgx.build_data import priors as build_priors
from pgx.calling import call, calls_frame
from pgx.calling.model import model
from pgx.calling.patterns import usable
from pgx.knowledge import KnowledgeBase
from pgx.paths import data_dir
from pgx.types import CallSet, Diplotype, Genotypes, PatternCall, State
from pgx.variants import read
from tests.benchmarks import masked, real_genomes
from tests.benchmarks.consensus import documented, nomenclature, pair, readings
from tests.benchmarks.panel import PANEL37, PANEL38, absent_as_reference, subset, table, with_gaps, without_phase
from tests.judgement.outputs import disagreements
from tests.judgement.test_every_output import DRUGS

Tops = dict[str, tuple[NDArray[np.object_], NDArray[np.float64]]]
CERTAIN = 0.9
SHOWN = 8
"""Alternatives of each member of a trio that are tried to explain a violation."""
VIOLATIONS = (
    "genotypes impossible",
    "copies that the file cannot show",
    "phased strands too",
    "ambiguous, fits by alternatives",
    "ambiguous, fits by none",
    "called with confidence",
)
"""Classes of trios that break Mendel's law, in the order in which they are asked for."""


def tops(calls: CallSet) -> Tops:
    """Return the most probable diplotype of each gene and sample, and its probability."""
    found = {}
    for gene in calls.genes:
        names = np.array([p.diplotypes[0].name if p.diplotypes else None for p in gene.patterns], dtype=object)
        odds = np.array([p.diplotypes[0].probability if p.diplotypes else np.nan for p in gene.patterns])
        found[gene.gene] = names[gene.pattern_of], odds[gene.pattern_of]
    return found


def calibration_error(probability: NDArray[np.float64], right: NDArray[np.bool_], n_bins: int = 20) -> float:
    """Expected calibration error over equal-width bins."""
    bins = np.minimum((probability * n_bins).astype(int), n_bins - 1)
    inside = [bins == b for b in range(n_bins) if (bins == b).any()]
    return float(sum(m.mean() * abs(probability[m].mean() - right[m].mean()) for m in inside))


def show(title: str, frame: pl.DataFrame) -> None:
    """Print a table in full."""
    print(f"\n## {title}")
    with pl.Config(tbl_rows=-1, tbl_cols=-1, fmt_str_lengths=60, tbl_width_chars=200, tbl_hide_dataframe_shape=True):
        print(frame)


def compare(
    title: str,
    truth: Tops,
    found: Tops,
    kb: KnowledgeBase,
    *,
    genes_shown: int = 12,
    genotypes: Mapping[str, Sequence[bytes]] | None = None,
) -> None:
    """Compare top calls with certain ones of the full data, per gene and over all.

    With the `genotypes` of each gene and person the table has a ``bound``: what would be right if every genotype were
    given the call that is most frequent among the persons who have it. No caller that sees only the gene does better.
    """
    rows, odds, rights = [], [], []
    guideline = set(kb.table("genes").filter(pl.col("tier") == "guideline")["gene"])
    for gene, (names, certainty) in truth.items():
        called, probability = found[gene]
        use = np.array([a is not None and b is not None for a, b in zip(names, called, strict=True)]) & (
            certainty > CERTAIN
        )
        if not use.any():
            continue
        right = (names == called)[use]
        odds.append(probability[use])
        rights.append(right)
        ece = calibration_error(probability[use], right)
        best = _bound(names[use], [genotypes[gene][i] for i in np.flatnonzero(use)]) if genotypes else None
        rows.append((gene, gene in guideline, len(right), right.mean(), best, probability[use].mean(), ece))
    p, r = np.concatenate(odds), np.concatenate(rights)
    sure = p >= 0.99
    print(f"\n## {title}\nsame top call {r.mean():.4f} of {len(r)}; calibration error {calibration_error(p, r):.4f}; "
          f"of calls with p >= 0.99 ({sure.mean():.3f} of all) {r[sure].mean():.4f} right")  # fmt: skip
    columns = ["gene", "guideline", "n", "right", "bound", "mean_p", "ece"]
    frame = pl.DataFrame(rows, columns, orient="row").sort("right")
    best = frame.filter("guideline")
    print(f"genes below 0.98: {frame.filter(pl.col('right') < 0.98)['gene'].to_list()}; "
          f"guideline genes: lowest {best['right'][0]:.4f} ({best['gene'][0]})")  # fmt: skip
    show(title + ": lowest genes", frame.head(genes_shown))


def _bound(names: NDArray[np.object_], genotypes: Sequence[bytes]) -> float:
    tally: dict[bytes, Counter[object]] = defaultdict(Counter)
    for name, key in zip(names, genotypes, strict=True):
        tally[key][name] += 1
    return sum(max(found.values()) for found in tally.values()) / len(names)


def halves(people: pl.DataFrame) -> dict[str, int]:
    """Return 0 or 1 for each person, the same within a family."""
    root = {sample: sample for sample in people["sample"]}

    def top(sample: str) -> str:
        while root.get(sample, sample) != sample:
            sample = root[sample]
        return sample

    for sample, father, mother in people.select("sample", "father", "mother").iter_rows():
        for parent in (father, mother):
            if parent in root:
                root[top(sample)] = top(parent)
    return {sample: hashlib.sha256(top(sample).encode()).digest()[0] % 2 for sample in root}


class Bench:
    """The panels and what is known of the persons, read once."""

    def __init__(self, every: int) -> None:
        self.kb, self.failed = knowledge.load(), False
        self.people = table("1kgp_samples.tsv")
        self.whole38, self.whole37 = read([PANEL38], self.kb), read([PANEL37], self.kb)
        self.panel = subset(self.whole38, range(0, len(self.whole38.samples), every))

    def consensus(self) -> None:
        """Agreement with GeT-RM beside the peers', on the persons that all have called."""
        dpyd = calls_frame(call(self.whole37, self.kb, genes=["DPYD"]), self.kb)
        kept = pl.col("gene") != "DPYD"
        callers = {
            "pgx": pl.concat([calls_frame(call(self.whole38, self.kb), self.kb).filter(kept), dpyd]),
            "pgx unphased": calls_frame(call(without_phase(self.whole38), self.kb), self.kb),
            "pharmcat": table("pharmcat_calls.tsv.gz"),
            "pypgx": table("pypgx_calls.tsv.gz"),
        }
        truth, names = table("getrm_truth.tsv.gz"), nomenclature()
        everyone = set(callers["pharmcat"]["sample"]) & set(callers["pypgx"]["sample"])
        tally: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
        wrong: Counter[tuple[str, str, str]] = Counter()
        for who, frame in callers.items():
            said = {(s, g): d for s, g, d in frame.select("sample", "gene", "diplotype").iter_rows()}
            for sample, gene, written in truth.select("sample", "gene", "diplotype").iter_rows():
                allowed = readings(gene, written, names, wide=True)
                if sample not in everyone or said.get((sample, gene)) is None or not allowed:
                    continue
                strict = pair(said[sample, gene]) in readings(gene, written, names, wide=False)
                wide = strict or pair(documented(said[sample, gene])) in allowed
                tally[gene][who, "n"] += 1
                tally[gene][who, "strict"] += strict
                tally[gene][who, "wide"] += wide
                if who == "pgx" and not wide:
                    wrong[gene, written, said[sample, gene]] += 1
        rows = []
        for gene in sorted(tally):
            row: dict[str, object] = {"gene": gene}
            for who in callers:
                n = tally[gene][who, "n"]
                row[f"{who} n"] = n or None
                for how in ("strict", "wide"):
                    row[f"{who} {how}"] = round(tally[gene][who, how] / n, 3) if n else None
            rows.append(row)
        show("GeT-RM consensus", pl.DataFrame(rows))
        listed = [(*key, n) for key, n in sorted(wrong.items()) if key[0] != "CYP2D6"]
        show(
            "not among the consensus' readings (CYP2D6 left out)",
            pl.DataFrame(listed, ["gene", "consensus", "pgx", "n"], orient="row"),
        )

    def peers(self) -> None:
        """Agreement with PharmCAT on phased data; absent positions as in its own run, and as pgx reads them."""
        theirs = table("pharmcat_calls.tsv.gz").select("sample", "gene", theirs="diplotype")
        named = self.kb.table("calling_policies").filter(pl.col("policy") == "report_as")
        retired = {(gene, old): new for gene, old, new in named.select("gene", "allele", "report_as").iter_rows()}
        reference = {g: self.kb.gene(g).alleles[0] for g in self.kb.genes if self.kb.gene(g).alleles}
        dpyd = calls_frame(call(self.whole37, self.kb, genes=["DPYD"]), self.kb)
        for title, panel in (("as reference", absent_as_reference(self.whole38)), ("unknown", self.whole38)):
            ours = pl.concat([calls_frame(call(panel, self.kb), self.kb).filter(pl.col("gene") != "DPYD"), dpyd])
            both = theirs.join(ours.select("sample", "gene", "diplotype"), on=["sample", "gene"])
            rows: dict[str, Counter[str]] = defaultdict(Counter)
            for _, gene, their, our in both.iter_rows():
                mark = _difference(_as_haplotypes(their, reference[gene]), our, reference[gene])
                if mark == "named otherwise" and pair(our) == pair(_renamed(gene, their, retired)):
                    mark = "renamed since"
                rows[gene][mark] += 1
            kinds = ("same", "renamed since", "only pgx names the strand", "named otherwise", "pgx not called")
            frame = pl.DataFrame(
                [(gene, sum(found.values()), *(found[kind] for kind in kinds)) for gene, found in sorted(rows.items())],
                ["gene", "n", *kinds],
                orient="row",
            )
            total = frame.sum()
            show(f"PharmCAT, phased, absent positions read {title}", frame)
            same = total["same"][0] + total["renamed since"][0]
            print(f"same, or renamed since, {same / total['n'][0]:.4f}; of those that PharmCAT calls "
                  f"{same / (total['n'][0] - total[kinds[2]][0]):.4f}")  # fmt: skip

    def next_tests(self) -> None:
        """Stated probabilities of the next tests against the advice with the gene or position, by superpopulation."""
        people = self.people.filter(pl.col("in_GRCh37_panel") == "1", pl.col("sample").is_in(self.panel.samples))
        of, groups = dict(people.select("sample", "superpopulation").iter_rows()), masked.group_of(people)
        genes = masked.errors(PANEL38, of, groups=groups)
        with tempfile.TemporaryDirectory() as folder:
            positions = masked.position_calls(PANEL38, of, Path(folder), groups=groups)
        modelled = ~pl.col("position").is_in(masked.NOT_MODELLED)
        for what, found in (("genes", genes), ("positions", positions.filter(modelled))):
            worst = masked.calibration(found)
            show(f"Next tests, {what} masked: calibration error ({people.height} unrelated persons)", worst)
            self.failed |= float(worst["error"].max() or 0) >= masked.ERROR
        show("Next tests: positions that are not modelled", masked.calibration(positions.filter(~modelled)))
        beyond = genes.filter(pl.col("error") >= masked.ERROR).sort("error", descending=True)
        show(f"Next tests: single figures off by {masked.ERROR} or more, beside what chance does", beyond)

    def outputs(self) -> None:
        """Every output of 200 persons x 40 drugs, read back and compared with the judgements."""
        step = max(len(self.panel.samples) // 200, 1)
        people = self.panel.samples[::step][:200]
        wrong: Counter[str] = Counter()
        for start in range(0, len(people), 20):
            options = pgx.Options(samples=people[start : start + 20])
            result = pgx.report(PANEL38, drugs=DRUGS, medications=["paroxetine", "omeprazole"], options=options)
            wrong.update(what for _, what in disagreements(result))
        self.failed |= bool(wrong)
        print(f"\n## Outputs\n{len(people)} persons x {len(DRUGS)} drugs: {sum(wrong.values())} disagreements "
              f"with the judgements {dict(wrong)}")  # fmt: skip

    def crossed(self) -> list[tuple[KnowledgeBase, Genotypes]]:
        """Return each half of the persons with frequencies from the other half."""
        half = halves(self.people)
        found = []
        for side in (0, 1):
            folder = Path(tempfile.mkdtemp(prefix="pgx-accuracy-"))
            shutil.copytree(data_dir() / "knowledge", folder, dirs_exist_ok=True)
            others = {sample for sample, which in half.items() if which != side}
            priors = build_priors.build([self.whole38, self.whole37], self.people, self.kb, only=others)
            priors.write_csv(folder / "priors.tsv", separator="\t", quote_style="never")
            mine = [i for i, sample in enumerate(self.panel.samples) if half[sample] == side]
            found.append((knowledge.load(folder=folder), subset(self.panel, mine)))
        return found

    def unphased(self) -> None:
        """Phase removed: the same top call as with phase."""
        truth: Tops = {}
        found: Tops = {}
        seen: dict[str, list[bytes]] = defaultdict(list)
        for kb, panel in self.crossed():
            _extend(truth, tops(call(panel, kb)))
            _extend(found, tops(call(without_phase(panel), kb)))
            for gene in self.kb.genes:
                sites = model(kb, gene).definition.sites
                data = np.where(usable(panel.state[sites])[:, :, None], panel.alleles[sites], -1)
                seen[gene] += [person.tobytes() for person in np.sort(data, axis=2).transpose(1, 0, 2)]
        compare("Phase removed", truth, found, self.kb, genes_shown=20, genotypes=seen)

    def gaps(self) -> None:
        """Positions removed at random."""
        sides = self.crossed()
        for share in (0.1, 0.3, 0.5):
            for how, change in (("phased", lambda panel: panel), ("unphased", without_phase)):
                truth: Tops = {}
                found: Tops = {}
                for kb, panel in sides:
                    _extend(truth, tops(call(panel, kb)))
                    _extend(found, tops(call(with_gaps(change(panel), share), kb)))
                compare(f"{share:.0%} of the positions removed, {how}", truth, found, self.kb, genes_shown=4)

    def families(self) -> None:
        """Mendel's law in the trios, each person called alone; every violation is put into one class."""
        place = {sample: i for i, sample in enumerate(self.whole38.samples)}
        trios = [
            [place[person] for person in trio]
            for trio in self.people.select("sample", "father", "mother").iter_rows()
            if set(trio) <= set(place)
        ]
        guideline = set(self.kb.table("genes").filter(pl.col("tier") == "guideline")["gene"])
        calls = {"unphased": call(without_phase(self.whole38), self.kb), "phased": call(self.whole38, self.kb)}
        phased = {gene.gene: gene for gene in calls["phased"].genes}
        copies = self.kb.table("unseen_copies").select("gene", "allele", "shows").rows()
        for title, found in calls.items():
            rows = []
            for gene in found.genes:
                impossible = self._impossible(gene.gene, trios) if gene.patterns else []
                counts: Counter[str] = Counter()
                shows = {allele: what for name, allele, what in copies if name == gene.gene}
                for n, trio in enumerate(trios):
                    people = [gene.patterns[gene.pattern_of[person]] for person in trio]
                    if not all(person.diplotypes for person in people):
                        continue
                    fits = _inherits(*(_strands(person.diplotypes[0]) for person in people))
                    certain = all(person.status == "called" for person in people)
                    counts["trios"] += 1
                    counts["obey"] += fits
                    counts["all called"] += certain
                    counts["called, obey"] += fits and certain
                    if not fits:
                        other = phased[gene.gene]
                        told = [other.patterns[other.pattern_of[person]] for person in trio]
                        counts[_violation(people, told, shows, impossible=bool(impossible[n]))] += 1
                if counts["trios"]:
                    columns = ("trios", "obey", "all called", "called, obey", *VIOLATIONS)
                    rows.append((gene.gene, gene.gene in guideline, *(counts[k] for k in columns)))
            frame = pl.DataFrame(
                rows,
                ["gene", "guideline", "trios", "obey", "all called", "called, obey", *VIOLATIONS],
                orient="row",
            )
            for name, part in (("all genes", frame), ("guideline genes", frame.filter("guideline"))):
                n = part.sum().row(0, named=True)
                share, certain = n["obey"] / n["trios"], n["called, obey"] / n["all called"]
                print(f"\n{title}, {name}: Mendel holds in {share:.4f} of {n['trios']}; ", end="")
                print(f"where all three are called in {certain:.4f} of {n['all called']}; violations: ", end="")
                print("; ".join(f"{n[kind]} {kind}" for kind in VIOLATIONS))
            worst = frame.with_columns(breaks=pl.col("trios") - pl.col("obey")).sort("breaks", descending=True).head(14)
            show(f"Families, {title}: genes with most violations", worst)

    def _impossible(self, gene: str, trios: list[list[int]]) -> NDArray[np.bool_]:
        """Return bool (trios,): at some position of the gene the genotypes themselves cannot be inherited."""
        sites = model(self.kb, gene).definition.sites
        alleles = np.where(usable(self.whole38.state[sites])[:, :, None], self.whole38.alleles[sites], -1)
        child, father, mother = (alleles[:, [trio[k] for trio in trios]] for k in range(3))
        known = (child[:, :, 0] >= 0) & (father[:, :, 0] >= 0) & (mother[:, :, 0] >= 0)

        def has(parent: NDArray[np.int8], strand: int) -> NDArray[np.bool_]:
            return np.asarray((parent == child[:, :, strand, None]).any(axis=2))

        fits = (has(father, 0) & has(mother, 1)) | (has(father, 1) & has(mother, 0))
        haploid = child[:, :, 1] < 0
        return np.asarray((known & ~np.where(haploid, has(mother, 0), fits)).any(axis=0))

    def builds(self) -> None:
        """The same persons from the GRCh37 and the GRCh38 file, at the positions that both have."""
        both = [s for s in self.whole37.samples if s in set(self.whole38.samples)]
        a = subset(self.whole38, [self.whole38.samples.index(s) for s in both])
        b = subset(self.whole37, [self.whole37.samples.index(s) for s in both])
        shared = usable(a.state).any(axis=1) & usable(b.state).any(axis=1)
        for panel in (a, b):
            panel.state[~shared] = State.ABSENT
        one, two = tops(call(without_phase(a), self.kb)), tops(call(without_phase(b), self.kb))
        rows = []
        for gene, (names, _) in one.items():
            sites = model(self.kb, gene).definition.sites
            used = sites[shared[sites]]
            if not len(used):
                continue
            same = (np.sort(_two(a.alleles[used])) == np.sort(_two(b.alleles[used]))).all(axis=(0, 2))
            agree = np.array([_one_name(x) == _one_name(y) for x, y in zip(names, two[gene][0], strict=True)])
            rows.append((gene, len(used), len(agree), int(same.sum()), int(agree.sum()), int((agree & same).sum())))
        frame = pl.DataFrame(
            rows, ["gene", "positions", "persons", "same genotypes", "agree", "agree of those"], orient="row"
        )
        n = frame.sum()
        show("Builds: genes that differ", frame.filter(pl.col("agree") < pl.col("persons")).sort("agree").head(20))
        print(f"agree {n['agree'][0] / n['persons'][0]:.4f} of {n['persons'][0]}; where both files show the same bases "
              f"{n['agree of those'][0] / n['same genotypes'][0]:.5f} of {n['same genotypes'][0]}")  # fmt: skip

    def genomes(self) -> None:
        """Real unphased genomes beside the consensus and pypgx; end with 1 if CYP2D6 misses its bar."""
        self.failed |= not real_genomes.genomes(self.kb)


def _two(alleles: NDArray[np.int8]) -> NDArray[np.int8]:
    """One copy read as two alike: the GRCh37 file writes men so on X."""
    return np.stack([alleles[:, :, 0], np.where(alleles[:, :, 1] == -2, alleles[:, :, 0], alleles[:, :, 1])], axis=2)


def _one_name(name: str | None) -> str | None:
    if name is None or len(name) % 2 == 0:
        return name
    half = len(name) // 2
    return name[:half] if name[half] == "/" and name[:half] == name[half + 1 :] else name


def _strands(diplotype: Diplotype, shows: Mapping[str, str | None] | None = None) -> list[str]:
    """Return the alleles of a person's strands; with `shows`, as a file without copy number shows them."""
    names = [a for a in (diplotype.allele1, diplotype.allele2) if a is not None]
    if shows is None:
        return names
    seen = [shows.get(name, name) for name in names]
    return [one or other or "" for one, other in zip(seen, reversed(seen), strict=True)]


def _inherits(own: list[str], his: list[str], hers: list[str]) -> bool:
    if len(own) == 1:
        return own[0] in hers
    return (own[0] in his and own[1] in hers) or (own[1] in his and own[0] in hers)


def _violation(
    people: Sequence[PatternCall], phased: Sequence[PatternCall], shows: Mapping[str, str | None], *, impossible: bool
) -> str:
    """Return the class of a violation, one of `VIOLATIONS`; `shows` is what alleles of other copies look like."""
    if impossible:
        return VIOLATIONS[0]
    if shows and _inherits(*(_strands(person.diplotypes[0], shows) for person in people)):
        return VIOLATIONS[1]
    if all(person.diplotypes for person in phased) and not _inherits(
        *(_strands(person.diplotypes[0]) for person in phased)
    ):
        return VIOLATIONS[2]
    shown = itertools.product(*(person.diplotypes[:SHOWN] for person in people))
    listed = any(_inherits(*(_strands(one) for one in trio)) for trio in shown)
    if any(person.status == "ambiguous" for person in people):
        return VIOLATIONS[3] if listed else VIOLATIONS[4]
    return VIOLATIONS[5]


def _as_haplotypes(written: str, reference: str) -> str:
    """Return PharmCAT's ``x (heterozygous)`` and ``x (homozygous)`` as a diplotype."""
    if written.endswith(" (heterozygous)"):
        written = f"{reference}/{written.removesuffix(' (heterozygous)')}"
    if written.endswith(" (homozygous)"):
        one = written.removesuffix(" (homozygous)")
        written = f"{one}/{one}"
    return written


def _renamed(gene: str, written: str, retired: Mapping[tuple[str, str], str]) -> str:
    """Return a diplotype with the names that alleles have now."""
    return "/".join(retired.get((gene, name), name) for name in written.split("/"))


def _difference(theirs: str, ours: str | None, reference: str) -> str:
    if ours is None:
        return "pgx not called"
    if theirs == "Reference/Reference":
        theirs = f"{reference}/{reference}"
    if pair(theirs) == pair(ours):
        return "same"
    return "only pgx names the strand" if theirs.startswith(("Not called", "rs4149056 ")) else "named otherwise"


def _extend(whole: Tops, part: Tops) -> None:
    for gene, (names, odds) in part.items():
        before = whole.get(gene, (names[:0], odds[:0]))
        whole[gene] = np.concatenate([before[0], names]), np.concatenate([before[1], odds])


def main() -> None:
    """Print the tables asked for."""
    tables = ("consensus", "peers", "unphased", "gaps", "families", "builds", "genomes", "next_tests", "outputs")
    parser = argparse.ArgumentParser(description="Accuracy of the calls on the panel.")
    parser.add_argument("tables", nargs="*", help=" ".join(tables))
    parser.add_argument("--every", type=int, default=1, help="every Nth person for unphased and gaps")
    options = parser.parse_args()
    unknown = set(options.tables) - set(tables)
    if unknown:
        parser.error(f"no such table: {', '.join(sorted(unknown))}")
    bench = Bench(options.every)
    for name in options.tables or tables:
        getattr(bench, name)()
    sys.exit(bench.failed)


if __name__ == "__main__":
    main()
