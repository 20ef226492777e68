"""What a record means at a site: spelling, builds, split records, deletions."""

from pathlib import Path

import pytest

import pgx.variants
from tests.variants.build import alleles, at, codes, knowledge, read, snv, text

CYP2C19_2 = "chr10:94781859"  # G>A
UGT1A1 = ("chr2", 233760233)  # CAT: CATAT, CATATAT, C
DPYD_7 = ("chr1", 97740410)  # GATGA > G


def test_a_genotype_is_read_with_its_state_and_phase(tmp_path: Path) -> None:
    found = read(tmp_path, snv(CYP2C19_2, "G", "A", "0/1", "1|0", "./.", "1|1"), samples="ABCD")
    assert [at(found, "chr10", 94781859, i) for i in range(4)] == [
        ("CALLED", (0, 1)), ("CALLED", (1, 0)), ("NO_CALL", (-1, -1)), ("CALLED", (1, 1)),
    ]  # fmt: skip
    assert found.phased[int(found.sites.filter(found.sites["pos_grch38"] == 94781859)["site"][0])].tolist() == [
        False, True, False, True,
    ]  # fmt: skip


def test_a_position_without_a_record_is_absent_not_reference(tmp_path: Path) -> None:
    found = read(tmp_path, snv(CYP2C19_2, "G", "A", "0/0"))
    assert at(found, "chr10", 94842866) == ("ABSENT", (-1, -1))


def test_absent_is_reference_only_on_demand_and_says_so(tmp_path: Path) -> None:
    found = read(tmp_path, snv(CYP2C19_2, "G", "A", "0/0"), absent_is_reference=True)
    assert at(found, "chr10", 94842866) == ("ASSUMED_REFERENCE", (0, 0))
    (assumed,) = (note for note in found.notes if note.code == "reference_assumed")
    assert not assumed.where  # it is of no line


@pytest.mark.parametrize(
    ("ref", "alt", "code"),
    [
        ("C", "CAT", 1),
        ("CAT", "CATAT", 1),
        ("C", "CATAT", 2),
        ("CAT", "C", 3),
        ("CATA", "CA", 3),
        ("CATATAT", "CATAT", 3),
    ],
)
def test_one_indel_in_several_spellings(tmp_path: Path, ref: str, alt: str, code: int) -> None:
    found = read(tmp_path, snv("chr2:233760233", ref, alt, "0/1"))
    assert at(found, *UGT1A1) == ("CALLED", (0, code))


@pytest.mark.parametrize(
    ("pos", "ref", "alt"),
    [
        (97740410, "GATGA", "G"),  # as the knowledge writes it
        (97740409, "TGATGA", "TG"),  # padded on the left
        (97740410, "GATGATT", "GTT"),  # padded on the right
        (97740411, "ATGAA", "A"),  # shifted to the right by one repeat base
    ],
)
def test_a_deletion_shifted_or_padded_is_the_same_deletion(tmp_path: Path, pos: int, ref: str, alt: str) -> None:
    found = read(tmp_path, snv(f"chr1:{pos}", ref, alt, "0/1"))
    assert at(found, *DPYD_7) == ("CALLED", (0, 1))


def test_an_inserted_repeat_anchored_at_the_far_end(tmp_path: Path) -> None:
    found = read(tmp_path, snv("chr13:48037788", "C", "CGGAGTC", "1|0"))
    assert at(found, "chr13", 48037782) == ("CALLED", (1, 0))


def test_a_multi_nucleotide_record_shows_the_base_at_the_site(tmp_path: Path) -> None:
    found = read(tmp_path, snv("chr10:94781858", "CG", "TA", "0/1"))
    assert at(found, "chr10", 94781859) == ("CALLED", (0, 1))


def test_a_multi_nucleotide_variant_that_the_knowledge_has(tmp_path: Path) -> None:
    found = read(tmp_path, snv("chr19:38572266", "TC", "CT", "1/1"))
    assert at(found, "chr19", 38572266) == ("CALLED", (1, 1))


class TestMultiBaseVariantOnSingleLines:
    """RYR1's TC>CT written as two neighbouring single-base variants."""

    def rows(self, one: str, two: str) -> list[str]:
        return [snv("chr19:38572266", "T", "C", one), snv("chr19:38572267", "C", "T", two)]

    @pytest.mark.parametrize(
        ("one", "two", "state", "expected"),
        [
            ("0|1", "0|1", "CALLED", (0, 1)),
            ("1/1", "1/1", "CALLED", (1, 1)),
            ("1/1", "0/1", "CALLED", (2, 1)),
            ("0/1", "0/1", "UNSUPPORTED", (-4, -4)),
            ("0/0", "0/0", "CALLED", (0, 0)),
        ],
    )
    def test_phase_decides(self, tmp_path: Path, one: str, two: str, state: str, expected: tuple[int, int]) -> None:
        assert at(read(tmp_path, *self.rows(one, two)), "chr19", 38572266) == (state, expected)


def test_an_undocumented_base_gets_a_code_past_the_documented_ones(tmp_path: Path) -> None:
    found = read(tmp_path, snv(CYP2C19_2, "G", "T", "0/1"))
    assert at(found, "chr10", 94781859) == ("CALLED", (0, 2))
    assert alleles(found, "chr10", 94781859) == ["G", "A", "T"]
    assert found.sites.filter(found.sites["pos_grch38"] == 94781859)["documented"][0] == 2


def test_an_insertion_beside_a_single_base_site_says_nothing_of_it(tmp_path: Path) -> None:
    found = read(tmp_path, snv(CYP2C19_2, "G", "GTT", "0/1"), snv("chr10:94842866", "A", "G", "0/1"))
    assert at(found, "chr10", 94781859) == ("ABSENT", (-1, -1))


def test_a_snv_record_says_nothing_of_an_insertion_at_its_base(tmp_path: Path) -> None:
    found = read(tmp_path, snv("chr13:48037825", "C", "T", "0/1"), snv(CYP2C19_2, "G", "A", "0/1"))
    assert at(found, "chr13", 48037825) == ("ABSENT", (-1, -1))


class TestSplitRecords:
    def test_two_alternates_on_two_lines(self, tmp_path: Path) -> None:
        found = read(tmp_path, snv("chrX:154532269", "C", "A", "0/1"), snv("chrX:154532269", "C", "G", "0/1"))
        assert at(found, "chrX", 154532269) == ("CALLED", (1, 2))

    def test_phased_strands_are_kept_apart(self, tmp_path: Path) -> None:
        found = read(tmp_path, snv("chrX:154532269", "C", "A", "0|1"), snv("chrX:154532269", "C", "G", "1|0"))
        assert at(found, "chrX", 154532269) == ("CALLED", (2, 1))

    def test_the_other_alternate_written_as_missing(self, tmp_path: Path) -> None:
        found = read(tmp_path, snv("chrX:154532269", "C", "A", "1/."), snv("chrX:154532269", "C", "G", "./1"))
        assert at(found, "chrX", 154532269) == ("CALLED", (1, 2))

    def test_an_alternate_that_is_not_called_leaves_a_strand_open(self, tmp_path: Path) -> None:
        found = read(tmp_path, snv("chrX:154532269", "C", "A", "0/1"), snv("chrX:154532269", "C", "G", "./."))
        assert at(found, "chrX", 154532269) == ("CALLED", (-1, 1))

    def test_three_alleles_on_two_strands_are_a_contradiction(self, tmp_path: Path) -> None:
        found = read(tmp_path, snv("chrX:154532269", "C", "A", "1/1"), snv("chrX:154532269", "C", "G", "0/1"))
        assert at(found, "chrX", 154532269) == ("UNSUPPORTED", (-4, -4))
        assert "conflicting_records" in codes(found)

    def test_a_repeated_record_counts_once(self, tmp_path: Path) -> None:
        found = read(tmp_path, snv(CYP2C19_2, "G", "A", "0/1"), snv(CYP2C19_2, "G", "A", "0/1"))
        assert at(found, "chr10", 94781859) == ("CALLED", (0, 1))
        assert "repeated_records" in codes(found)

    @pytest.mark.parametrize(
        ("form", "once", "again"),
        [
            ("GT:GQ", "0/1:12", "0/1:12"),
            ("GT:PL", "0/1:15,0,200", "0/1:15,0,200"),
            ("GT:PL", "0/1:15,0,200", "0/1:9,0,200"),  # the surer line counts
            ("GT:AD", "0/1:9,2", "0/1:9,2"),
        ],
    )
    @pytest.mark.parametrize("where", ["in one file", "in two files"])
    def test_a_repeated_record_makes_a_genotype_no_surer(
        self, tmp_path: Path, form: str, once: str, again: str, where: str
    ) -> None:
        paths = []
        for name, lines in (("alone", [once]), ("twice", [once, again]), ("swapped", [again, once])):
            records = [snv(CYP2C19_2, "G", "A", one, form=form) for one in lines]
            parts = [records] if where == "in one file" else [[one] for one in records]
            paths.append([tmp_path / f"{name}{n}.vcf" for n in range(len(parts))])
            for path, part in zip(paths[-1], parts, strict=True):
                path.write_text(text(part))
        alone, *others = [pgx.variants.read(files, knowledge()).doubts for files in paths]
        assert alone is not None
        for found in others:
            assert found is not None
            assert [found.vectors[n] for n in found.vector] == [alone.vectors[n] for n in alone.vector]

    def test_a_repeated_record_that_differs_is_a_contradiction(self, tmp_path: Path) -> None:
        found = read(tmp_path, snv(CYP2C19_2, "G", "A", "0/1"), snv(CYP2C19_2, "G", "A", "0/0"))
        assert at(found, "chr10", 94781859) == ("UNSUPPORTED", (-4, -4))
        assert "conflicting_records" in codes(found)

    def test_a_multi_allelic_line_is_the_same_as_two_lines(self, tmp_path: Path) -> None:
        found = read(tmp_path, snv("chrX:154532269", "C", "G,A", "1/2"))
        assert at(found, "chrX", 154532269) == ("CALLED", (2, 1))


class TestDeletionsAcrossASite:
    def test_a_star_allele_is_spanned(self, tmp_path: Path) -> None:
        found = read(tmp_path, snv(CYP2C19_2, "G", "A,*", "1/2"))
        assert at(found, "chr10", 94781859) == ("CALLED", (1, -3))

    def test_a_deletion_that_removes_the_base_spans_it(self, tmp_path: Path) -> None:
        found = read(tmp_path, snv("chr10:94781857", "TCGG", "T", "1/1"))
        assert at(found, "chr10", 94781859) == ("CALLED", (-3, -3))

    def test_the_other_strand_of_such_a_deletion_stays_unknown(self, tmp_path: Path) -> None:
        found = read(tmp_path, snv("chr10:94781857", "TCGG", "T", "0/1"))
        assert at(found, "chr10", 94781859)[1][0] == -1

    def test_a_filtered_deletion_says_nothing_of_the_bases_it_removes(self, tmp_path: Path) -> None:
        found = read(tmp_path, snv("chr10:94781857", "TCGG", "T", "0/1", filters="LowQual"))
        assert at(found, "chr10", 94781859) == ("ABSENT", (-1, -1))

    def test_two_deletions_on_two_strands(self, tmp_path: Path) -> None:
        rows = [snv("chr10:94781856", "ATCGG", "A", "0/1"), snv("chr10:94781857", "TCGG", "T", "0/1")]
        assert at(read(tmp_path, *rows), "chr10", 94781859) == ("CALLED", (-3, -3))

    def test_a_deletion_on_the_strand_that_a_record_calls_reference(self, tmp_path: Path) -> None:
        found = read(tmp_path, snv("chr10:94781857", "TCGG", "T", "0|1"), snv(CYP2C19_2, "G", "A", "1|0"))
        assert at(found, "chr10", 94781859) == ("CALLED", (1, -3))


class TestGRCh37:
    def test_the_base_counts_not_the_index(self, tmp_path: Path) -> None:
        """GRCh37 carries G at rs3758581 where GRCh38 has A, the reference of our notation."""
        found = read(tmp_path, snv("10:96602623", "G", "A", "0/1", "0/0", "1/1"), samples="ABC", build="GRCh37")
        assert found.build == "GRCh37"
        assert [at(found, "chr10", 94842866, i)[1] for i in range(3)] == [(1, 0), (1, 1), (0, 0)]

    def test_split_records_where_the_references_differ(self, tmp_path: Path) -> None:
        found = read(tmp_path, snv("10:96602623", "G", "A", "0/1"), snv("10:96602623", "G", "T", "0/0"), build="GRCh37")
        assert sorted(at(found, "chr10", 94842866)[1]) == [0, 1]

    def test_absent_as_reference_is_that_of_the_files_build(self, tmp_path: Path) -> None:
        found = read(tmp_path, snv("10:96541616", "G", "A", "0/1"), build="GRCh37", absent_is_reference=True)
        assert at(found, "chr10", 94842866) == ("ASSUMED_REFERENCE", (1, 1))


def test_a_site_that_one_build_lacks_is_absent_there(tmp_path: Path) -> None:
    """Even where absent positions are to be read as reference."""
    import dataclasses

    import polars as pl

    from tests.variants.build import knowledge, text

    @dataclasses.dataclass(frozen=True)
    class Changed:
        base: object

        @property
        def sites(self) -> pl.DataFrame:
            lost = pl.col("pos_grch38") == 94842866
            return self.base.sites.with_columns(  # type: ignore[attr-defined, no-any-return]
                pl.when(lost).then(None).otherwise(pl.col(c)).alias(c) for c in ("pos_grch37", "ref_grch37")
            )

        def __getattr__(self, name: str) -> object:
            return getattr(self.base, name)

    path = tmp_path / "in.vcf"
    path.write_text(text([snv("10:96541616", "G", "A", "0/1")], build="GRCh37"))
    found = pgx.variants.read(path, Changed(knowledge()), absent_is_reference=True)  # type: ignore[arg-type]
    assert at(found, "chr10", 94842866) == ("ABSENT", (-1, -1))
    assert at(found, "chr10", 94781859) == ("CALLED", (0, 1))
    assert found.sites.filter(found.sites["pos_grch38"] == 94842866)["pos"][0] is None
