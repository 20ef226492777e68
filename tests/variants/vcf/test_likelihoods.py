"""Likelihoods of a record: every door by which evidence enters, and none that tells nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pgx.variants
from pgx.types import Genotypes, Likelihood
from pgx.variants.sites.site_errors import SiteErrors
from pgx.variants.vcf.likelihoods import ErrorRates
from pgx.variants.vcf.sample_columns import lists
from tests.variants.build import at, codes, knowledge, read, snv, text

PLACE = "chr10:94942290"  # CYP2C9*2, C>T
PL = '##FORMAT=<ID=PL,Number=G,Type=Integer,Description="x">'


def doubt(genotypes: Genotypes, sample: int = 0) -> Likelihood | None:
    """Return the likelihood of the only site of the file, None if the genotype is certain."""
    found = genotypes.doubts
    if found is None:
        return None
    own = np.flatnonzero(found.sample == sample)
    return found.vectors[found.vector[own[0]]] if len(own) else None


class TestWhatIsInDoubt:
    @pytest.mark.parametrize(
        ("form", "column", "evidence", "levels"),
        [
            ("GT:PL", "0/1:12,0,200", "PL", {(0, 0): -12, (0, 1): 0, (1, 1): -120}),
            ("GT:GL", "0/1:-1.2,-0.0,-20", "GL", {(0, 0): -12, (0, 1): 0, (1, 1): -120}),
            ("GT:GL", "0/1:-3.1e0,-1.9,-2.9", "GL", {(0, 0): -12, (0, 1): 0, (1, 1): -10}),
            ("GT:DP:PL", "0|1:9:12,0,200", "PL", {(0, 0): -12, (0, 1): 0, (1, 1): -120}),
            ("GT:GQ", "0/1:20", "GQ", {(0, 0): -20, (0, 1): 0, (1, 1): -20}),
            ("GT:RGQ", "0/0:20", "GQ", {(0, 0): 0, (0, 1): -20, (1, 1): -20}),
            ("GT:DP", "0/0:4", "DP", {(0, 0): 0, (0, 1): -12, (1, 1): -12}),
            ("GT:AD", "0/0:4,0", "AD", {(0, 0): 0, (0, 1): -12, (1, 1): -80}),
            ("GT:AD:GQ", "0/0:4,0:99", "AD", {(0, 0): 0, (0, 1): -12, (1, 1): -80}),
            ("GT:AD:PL", "0/0:4,0:0,20,90", "PL", {(0, 0): 0, (0, 1): -20, (1, 1): -90}),
        ],
    )
    def test_the_most_telling_field_counts(
        self, tmp_path: Path, form: str, column: str, evidence: str, levels: dict[tuple[int, int], int]
    ) -> None:
        found = doubt(read(tmp_path, snv(PLACE, "C", "T", column, form=form)))
        assert found is not None
        assert (found.evidence, dict(zip(found.pairs, found.tenths, strict=True))) == (evidence, levels)

    @pytest.mark.parametrize(
        ("form", "column"),
        [("GT", "0/1"), ("GT:PL", "0/0:0,40,400"), ("GT:PL", "0/1:60,0,60"), ("GT:GQ", "0/1:60"), ("GT:AD", "0/1:15,16"),
         ("GT:DP", "0/0:20"), ("GT:PL", "./.:0,10,90"), ("GT:PL", "0/1:."), ("GT:PL", "0/1:.,.,.")],
    )  # fmt: skip
    def test_the_rest_is_as_good_as_certain(self, tmp_path: Path, form: str, column: str) -> None:
        assert read(tmp_path, snv(PLACE, "C", "T", column, form=form)).doubts is None

    @pytest.mark.parametrize(("rate", "certain"), [(1e-6, True), (1.13e-6, False), (0.03, False)])
    def test_a_bare_genotype_is_as_certain_as_its_kind_of_site(self, tmp_path, monkeypatch, rate, certain) -> None:
        monkeypatch.setattr(SiteErrors, "rates", lambda *_: ErrorRates(0.01, rate))
        found = doubt(read(tmp_path, snv(PLACE, "C", "T", "0/1")))
        assert (found is None) == certain
        assert found is None or set(found.tenths) == {0, round(10 * np.log10(rate))}

    @pytest.mark.parametrize(("lead", "certain"), [(39, False), (40, True)])
    def test_how_far_a_reference_must_lead(self, tmp_path: Path, lead: int, *, certain: bool) -> None:
        found = read(tmp_path, snv(PLACE, "C", "T", f"0/0:0,{lead},400", form="GT:PL"))
        assert (found.doubts is None) is certain

    @pytest.mark.parametrize(("lead", "certain"), [(59, False), (60, True)])
    def test_how_far_a_change_must_lead(self, tmp_path: Path, lead: int, *, certain: bool) -> None:
        found = read(tmp_path, snv(PLACE, "C", "T", f"0/1:{lead},0,400", form="GT:PL"))
        assert (found.doubts is None) is certain

    def test_each_person_has_their_own(self, tmp_path: Path) -> None:
        record = snv(PLACE, "C", "T", "0/0:0,90,900", "0/1:12,0,90", "./.:.", "0/0:0,12,90", form="GT:PL")
        found = read(tmp_path, record, samples="ABCD")
        assert [doubt(found, n) is not None for n in range(4)] == [False, True, False, True]

    def test_only_the_asked_persons_are_kept(self, tmp_path: Path) -> None:
        record = snv(PLACE, "C", "T", "0/0:0,90,900", "0/1:12,0,90", form="GT:PL")
        found = read(tmp_path, record, samples="AB", name="two.vcf")
        path = tmp_path / "two.vcf"
        import pgx.variants
        from tests.variants.build import knowledge

        alone = pgx.variants.read(path, knowledge(), samples=["B"])
        assert doubt(alone) == doubt(found, 1)

    def test_any_other_allele_of_a_block_is_each_that_the_knowledge_has(self, tmp_path: Path) -> None:
        record = "chr10 94942280 . G <NON_REF> . . END=94942300 GT:GQ:MIN_DP:PL 0/0:12:4:0,12,150"
        found = doubt(read(tmp_path, record))
        assert found is not None
        assert found.of(0, 1) == -12

    def test_records_of_one_site_are_put_together(self, tmp_path: Path) -> None:
        split = [
            snv("chr6:18130687", "T", "C", "0/1:12,0,200", form="GT:PL"),
            snv("chr6:18130687", "T", "G", "0/0:0,90,900", form="GT:PL"),
        ]
        found = doubt(read(tmp_path, *split))
        assert found is not None
        assert (found.of(0, 0), found.of(0, 1)) == (-12, 0)

    def test_one_copy(self, tmp_path: Path) -> None:
        found = doubt(read(tmp_path, "chrX 154535277 . T C . PASS . GT:PL 1:12,0", sex={"A": "male"}))
        assert found is not None
        assert found.pairs == ((0, -2), (1, -2))


class TestWhatIsSaid:
    def test_that_likelihoods_contradict_a_genotype(self, tmp_path: Path) -> None:
        assert "genotype_contradicted" in codes(read(tmp_path, snv(PLACE, "C", "T", "0/0:31,0,31", form="GT:PL")))

    def test_that_a_file_lists_variants_alone(self, tmp_path: Path) -> None:
        assert "variants_only" in codes(read(tmp_path, snv(PLACE, "C", "T", "0/1")))

    @pytest.mark.parametrize("samples", [None, ["A"], ["B"]])
    def test_that_a_file_of_several_lists_variants_alone(self, tmp_path: Path, samples: list[str] | None) -> None:
        records = [
            snv(PLACE, "C", "T", "0/1", "0/0", info="AC=1;AN=4"),
            snv("chr10:94781859", "G", "A,C", "0/0", "1/2", info="AN=4;AC=1,1"),
        ]
        path = tmp_path / "in.vcf"
        path.write_text(text(records, ("A", "B")))
        notes = pgx.variants.read(path, knowledge(), samples=samples).notes
        told = [note.sample for note in notes if note.code == "variants_only"]
        assert told == [("A", "B") if samples is None else samples[0]]

    @pytest.mark.parametrize("info", ["AC=0;AN=4", ".", "AC=.", "AC=x"])
    def test_not_where_a_record_is_there_for_nobody(self, tmp_path: Path, info: str) -> None:
        records = [
            snv(PLACE, "C", "T", "0/1", "0/0", info="AC=1"),
            snv("chr10:94781859", "G", "A", "0/0", "0/0", info=info),
        ]
        assert "variants_only" not in codes(read(tmp_path, *records, samples=("A", "B")))

    @pytest.mark.parametrize("how", [{"absent_is_reference": True}, {}])
    def test_not_where_positions_are_reference(self, tmp_path: Path, how: dict[str, bool]) -> None:
        records = [snv(PLACE, "C", "T", "0/1")]
        if not how:
            records.insert(0, snv("chr10:94781859", "G", "A", "0/0"))
        assert "variants_only" not in codes(read(tmp_path, *records, **how))

    @pytest.mark.parametrize("word", ["GENOTYPED", "PASS;GENOTYPED", "GENOTYPED_ONLY", "TYPED_ONLY"])
    def test_words_of_imputation_are_no_failed_filter(self, tmp_path: Path, word: str) -> None:
        found = read(tmp_path, snv(PLACE, "C", "T", "0/1", filters=word))
        assert (found.state == 0).any()


values = st.one_of(st.none(), st.lists(st.integers(0, 99999), min_size=3, max_size=3), st.just([1, 2]))


@given(rows=st.lists(values, min_size=1, max_size=6), decimals=st.booleans())
def test_lists_are_read_whatever_is_missing(rows: list[list[int] | None], *, decimals: bool) -> None:
    def word(row: list[int] | None) -> str:
        return "0/0:." if row is None else "0/0:" + ",".join(f"{v}.5" if decimals else str(v) for v in row)

    found = lists("\t".join(map(word, rows)).encode(), len(rows), 1, 3)
    for got, row in zip(found, rows, strict=True):
        if row is None or len(row) != 3:
            assert np.isnan(got).all()
        else:
            assert got.tolist() == [v + 0.5 * decimals for v in row]


@pytest.mark.parametrize(
    ("form", "column"),
    [("RO:AO", "0:0"), ("RD:AD", "0:0"), ("NR:NV", "0:0"), ("DP:RO:AO", ".:0:0"), ("RD:AD:DP", "0:0:.")],
)
def test_no_reads_by_any_caller_s_name_are_no_genotype(tmp_path: Path, form: str, column: str) -> None:
    """FreeBayes and Ion Torrent, VarScan, Platypus: a reference that nobody read is none."""
    found = read(tmp_path, snv("chr6:18130687", "T", "C", f"0/0:{column}", form=f"GT:{form}"))
    assert at(found, "chr6", 18130687)[0] == "NO_CALL"


@pytest.mark.parametrize(("form", "column"), [("RO:AO", "9:8"), ("RD:AD", "9:8"), ("NR:NV", "17:8")])
def test_reads_by_any_caller_s_name_count_as_depths(tmp_path: Path, form: str, column: str) -> None:
    told = [
        read(tmp_path, snv("chr6:18130687", "T", "C", f"0/1:{values}", form=f"GT:{keys}")).doubts
        for keys, values in (("AD", "9,8"), (form, column))
    ]
    assert told[0] == told[1] or (told[0] is not None and told[1] is not None and told[0].vectors == told[1].vectors)


@pytest.mark.parametrize(
    ("form", "column", "counts"),
    [("AF:DP", "0.04:500", "480,20"), ("VAF:DP", "0.5:30", "15,15"), ("FREQ:DP", "3%:200", "194,6")],
)
def test_the_share_of_the_reads_counts_as_the_reads_do(tmp_path: Path, form: str, column: str, counts: str) -> None:
    told = [
        doubt(read(tmp_path, snv("chr6:18130687", "T", "C", f"0/1:{values}", form=f"GT:{keys}")))
        for keys, values in (("AD", counts), (form, column))
    ]
    assert told[0] == told[1]


@pytest.mark.parametrize(
    ("strands", "even"),
    [("0.5,0", [(0, 0), (0, 1)]), ("0.5,1", [(0, 1), (1, 1)]), ("0,0", [(0, 0)]), ("1,1", [(1, 1)])],
)
def test_the_dose_of_each_strand_is_weighed(tmp_path: Path, strands: str, even: list[tuple[int, int]]) -> None:
    record = snv("chr6:18130687", "T", "C", f"0|0:{strands}", form="GT:HDS", info="IMPUTED;R2=0.99")
    found = doubt(read(tmp_path, record))
    assert found is not None and found.evidence == "HDS"
    best = [pair for pair, tenths in zip(found.pairs, found.tenths, strict=True) if tenths > -6]
    assert set(even) >= set(best) >= {even[-1]}


def test_an_imputed_genotype_alone_is_weighed_by_its_r2(tmp_path: Path) -> None:
    found = doubt(read(tmp_path, snv("chr6:18130687", "T", "C", "0|0", info="IMPUTED;R2=0.5;AF=0.5")))
    assert found is not None and found.evidence == "R2"


@pytest.mark.parametrize("key", ["R2", "DR2", "AR2", "INFO", "INFO_SCORE"])
@pytest.mark.parametrize("frequency", ["AF", "RAF", "RefPanelAF", "EAF"])
def test_how_well_a_record_was_imputed_counts_by_any_program_s_name(tmp_path: Path, key: str, frequency: str) -> None:
    def weighed(info: str) -> Likelihood | None:
        return doubt(read(tmp_path, snv("chr6:18130687", "T", "C", "0/1:0.02,0.97,0.01", form="GT:GP", info=info)))

    assert weighed(f"{key}=0.3;{frequency}=0.2") == weighed("R2=0.3;AF=0.2") != weighed("R2=0.9;AF=0.2")


@pytest.mark.parametrize("key", ["DP", "MinDP", "MIN_DP"])
def test_a_record_without_any_reads_is_no_genotype(tmp_path: Path, key: str) -> None:
    found = read(tmp_path, snv("chr6:18130687", "T", ".", "0/0", info=f"{key}=0"))
    assert at(found, "chr6", 18130687)[0] == "NO_CALL"


def test_an_imputed_genotype_whose_gp_is_no_list_of_its_genotypes_is_worth_its_r2(tmp_path: Path) -> None:
    record = snv("chr6:18130687", "T", "C,G", "0|0:0.4,0.34,0.26", form="GT:GP", info="R2=0.1;IMP")
    found = read(tmp_path, record)
    assert found.doubts is not None and len(found.doubts.vectors) == 1


@pytest.mark.parametrize(
    ("form", "column", "evidence"),
    [("AD", "1,0,0", "DP"), ("AD", "1,1,1,1", "DP"), ("RO:AO", "1:0,0", "DP"), ("RD:AD", "1:0,0,0", "DP"),
     ("PL", "0,12,90,12,90,90", "GQ"), ("GL", "0,-1.2,-9,-1.2,-9,-9", "GQ"), ("AD", "30,0,0", None),
     ("AD:GQ", "1,0,0:99", None), ("AD:DP", "1,0,0:40", None), ("PL", "0,70,90,70,90,90", None)],
)  # fmt: skip
def test_a_list_of_other_alleles_makes_no_genotype_certain(
    tmp_path: Path, form: str, column: str, evidence: str | None
) -> None:
    """A record that was split or merged keeps the list of what it was: its depth and its lead hold all the same."""
    found = doubt(read(tmp_path, snv("chr6:18130687", "T", "C", f"0/0:{column}", form=f"GT:{form}")))
    assert (found.evidence if found else None) == evidence


@pytest.mark.parametrize(("form", "column"), [("AD", "0,0,0"), ("RO:AO", "0:0,0"), ("PL", "0,0,0,0,0,0")])
@pytest.mark.parametrize("genotype", ["0/0", "0/1"])
def test_a_list_of_other_alleles_without_reads_is_no_genotype(
    tmp_path: Path, form: str, column: str, genotype: str
) -> None:
    found = read(tmp_path, snv("chr6:18130687", "T", "C", f"{genotype}:{column}", form=f"GT:{form}"))
    assert at(found, "chr6", 18130687)[0] != "CALLED"
