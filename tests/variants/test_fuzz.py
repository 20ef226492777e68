"""Whatever the bytes: genotypes or one line, never a traceback; a legal file keeps its meaning however written."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis_vcf import vcf as hypothesis_vcf

import pgx.variants
from pgx.errors import PgxError
from pgx.variants.check import check
from tests.variants.build import at, knowledge, snv, text

SEED = text(
    [
        snv("chr1:97740410", "GATGA", "G", "0/1:30:PASS:1", "0|1:9:q10:."),
        snv("chr10:94781800", "G", "<NON_REF>", "0/0:30", "./.:0", info="END=94781850", form="GT:DP"),
        snv("chr10:94781859", "G", "A,<NON_REF>", "0/1:30:PASS:1", "1|1:9:q10:5", form="GT:GQ:FT:PS"),
        snv("chrM:1555", "A", "G", "1", "1/1"),
        snv("chrX:154532269", "C", "A,*", "0/1", "2|1"),
    ],
    "AB",
).replace("0/1:30:PASS:1\t0|1:9:q10:.", "0/1\t0|1").encode()  # fmt: skip
FAST = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def survive(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "in.vcf"
        path.write_bytes(content)
        for attempt in (lambda: pgx.variants.read(path, knowledge(), min_gq=5), lambda: check(path)):
            try:
                attempt()
            except PgxError as error:
                assert "\n" not in str(error)


@FAST
@given(
    st.lists(st.tuples(st.integers(0, len(SEED) - 1), st.binary(max_size=3), st.integers(0, 3)), min_size=1, max_size=4)
)
def test_changed_bytes(changes: list[tuple[int, bytes, int]]) -> None:
    content = SEED
    for where, new, removed in changes:
        content = content[:where] + new + content[where + removed :]
    survive(content)


@FAST
@given(st.data())
def test_changed_fields(data: st.DataObject) -> None:
    lines = SEED.decode().splitlines()
    row = data.draw(st.integers(0, len(lines) - 1))
    fields = lines[row].split("\t")
    column = data.draw(st.integers(0, len(fields) - 1))
    odd = st.sampled_from(
        [
            "",
            ".",
            "-1",
            "0",
            "99999999999",
            "1e9",
            "A,",
            "*",
            "<DEL>",
            "<",
            "]1:5]A",
            "N",
            "0|",
            "/",
            "1/2/3",
            "GT:GT",
            "∂",
            "a b",
            "\x00",
            "END=1;END=9",
        ]
    )
    fields[column] = data.draw(odd | st.text(max_size=6).filter(lambda s: "\n" not in s and "\t" not in s))
    lines[row] = "\t".join(fields)
    survive("\n".join(lines).encode("utf-8", "surrogatepass"))


@FAST
@given(st.binary(max_size=300))
def test_any_bytes(content: bytes) -> None:
    survive(content)


_SITES = [(p, r, a[1]) for p, r, a in knowledge().sites.filter(knowledge().sites["chrom"] == "chr10")
          .select("pos_grch38", "ref", "alleles").iter_rows() if len(r) == len(a[1]) == 1]  # fmt: skip


@FAST
@given(
    st.lists(st.sampled_from(_SITES), min_size=1, max_size=6, unique=True),
    st.data(),
)
def test_a_genotype_survives_its_writing(sites: list[tuple[int, str, str]], data: st.DataObject) -> None:
    """What is written is what is read: separators, padding, extra alternates, sub-fields and gaps do not matter."""
    rows, expected = [], {}
    for pos, ref, alt in sorted(sites):
        alleles = data.draw(st.tuples(st.sampled_from([0, 1, -1]), st.sampled_from([0, 1, -1])))
        separator = data.draw(st.sampled_from("/|"))
        gt = separator.join("." if a < 0 else str(a) for a in alleles)
        extra = data.draw(st.sampled_from(["", ":12", ":.", ":12:x"]))
        form = {0: "GT", 1: "GT:GQ", 2: "GT:GQ:ZZ"}[extra.count(":")]
        rows.append(snv(f"chr10:{pos}", ref, alt, gt + extra, form=form))
        expected[pos] = ("NO_CALL" if alleles == (-1, -1) else "CALLED", alleles)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "in.vcf"
        path.write_text(text(rows))
        found = pgx.variants.read(path, knowledge())
    assert {pos: at(found, "chr10", pos) for pos in expected} == expected


@FAST
@given(st.integers(2, 40), st.randoms(use_true_random=False))
def test_columns_are_kept_apart(count: int, random: object) -> None:
    """Many samples of mixed notation: each gets its own genotype."""
    kinds = {"0/0": (0, 0), "0|1": (0, 1), "1|0": (1, 0), "./.": (-1, -1), ".": (-1, -1), "1/1": (1, 1), "./1": (-1, 1)}
    chosen = [random.choice(list(kinds)) for _ in range(count)]  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "in.vcf"
        path.write_text(text([snv("chr10:94781859", "G", "A", *chosen)], [f"S{i}" for i in range(count)]))
        found = pgx.variants.read(path, knowledge())
    site = int(found.sites.filter(found.sites["pos_grch38"] == 94781859)["site"][0])
    assert np.array_equal(found.alleles[site], np.array([kinds[c] for c in chosen]))


@FAST
@given(hypothesis_vcf(max_variants=4, max_samples=3))
def test_generated_legal_files_pass_the_gate(content: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "in.vcf"
        path.write_text(content)
        errors = [f for f in check(path).findings if f.severity == "error" and f.code != "duplicate"]
    assert not errors
