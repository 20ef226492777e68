"""Filters, thresholds, phase, haploid calls, sex: the state of each position."""

import re
from pathlib import Path

import numpy as np
import pytest

import pgx.variants
from pgx.errors import InputError, UsageError
from tests.variants.build import at, codes, compress, knowledge, read, snv, text

STAR2 = ("chr10", 94781859)
G6PD = ("chrX", 154532269)  # C: A, G
MT = ("chrM", 1555)


def star2(*genotypes: str, **more: str) -> str:
    return snv("chr10:94781859", "G", "A", *genotypes, **more)


def site(found: object, pos: int) -> int:
    frame = found.sites  # type: ignore[attr-defined]
    return int(frame.filter(frame["pos_grch38"] == pos)["site"][0])


class TestFilters:
    @pytest.mark.parametrize("filters", ["LowQual", "q10;s50", "PASS;"])
    def test_a_record_that_does_not_pass_is_filtered(self, tmp_path: Path, filters: str) -> None:
        assert at(read(tmp_path, star2("0/1", filters=filters)), *STAR2) == ("FILTERED", (-1, -4))

    @pytest.mark.parametrize("filters", ["PASS", "."])
    def test_a_record_that_passes_or_was_not_filtered_is_used(self, tmp_path: Path, filters: str) -> None:
        assert at(read(tmp_path, star2("0/1", filters=filters)), *STAR2) == ("CALLED", (0, 1))

    def test_filtered_records_are_used_on_demand(self, tmp_path: Path) -> None:
        assert at(read(tmp_path, star2("0/1", filters="LowQual"), include_filtered=True), *STAR2) == ("CALLED", (0, 1))

    def test_a_samples_own_filter(self, tmp_path: Path) -> None:
        found = read(tmp_path, star2("0/1:PASS", "0/1:q10", form="GT:FT"), samples="AB")
        assert [at(found, *STAR2, i)[0] for i in (0, 1)] == ["CALLED", "FILTERED"]
        assert [note.message[:11] for note in found.notes if note.code == "record_filtered"] == ["1 genotypes"]

    def test_a_samples_own_filter_is_passed_over_on_demand(self, tmp_path: Path) -> None:
        found = read(tmp_path, star2("0/1:q10", form="GT:FT"), include_filtered=True)
        assert at(found, *STAR2) == ("CALLED", (0, 1))
        assert "record_filtered" not in codes(found)

    def test_gq_and_dp(self, tmp_path: Path) -> None:
        row = star2("0/1:20:30", "0/1:9:30", "0/1:.:30", "0/1", form="GT:GQ:DP")
        found = read(tmp_path, row, samples="ABCD", min_gq=10)
        assert [at(found, *STAR2, i)[0] for i in range(4)] == ["CALLED", "FILTERED", "CALLED", "CALLED"]
        assert at(read(tmp_path, row, samples="ABCD", min_dp=31), *STAR2)[0] == "FILTERED"

    def test_a_threshold_without_values_is_said(self, tmp_path: Path) -> None:
        found = read(tmp_path, star2("0/1"), min_gq=10)
        assert at(found, *STAR2)[0] == "CALLED"
        assert "no_gq" in codes(found)

    def test_a_threshold_counts_every_genotype_it_cannot_judge_in_each_file(self, tmp_path: Path) -> None:
        first, second = tmp_path / "first.vcf", tmp_path / "second.vcf"
        first.write_text(
            text(
                [
                    star2("0/1:20", "0/1:.", "0/1", "./.:.", form="GT:GQ"),
                    snv("chr10:94842866", "A", "G", "0/1", "0/0", "0/1", "./."),
                ],
                "ABCD",
            )
        )
        second.write_text(text([snv("chr22:42128945", "C", "T", "0/1", "0/1", "0/1", "0/1")], "ABCD"))
        found = pgx.variants.read([first, second], knowledge(), min_gq=10, min_dp=10)
        said = {
            (note.code, Path(str(note.where)).name, sample): str(note.message)
            for note in found.notes
            if note.code in ("no_gq", "no_dp")
            for sample in note.sample
        }
        assert "to 1 genotypes because their GQ is missing (1 in records" in said["no_gq", "first.vcf", "A"]
        assert "to 2 genotypes" in said["no_gq", "first.vcf", "B"]
        assert "(1 in records without the field, 1 with an empty value)" in said["no_gq", "first.vcf", "B"]
        assert "(2 in records without the field)" in said["no_dp", "first.vcf", "C"]
        assert "(1 in records without the field)" in said["no_gq", "second.vcf", "D"]
        assert ("no_gq", "first.vcf", "D") not in said
        some = pgx.variants.read(second, knowledge(), samples=["B"], min_gq=10)
        assert any("to 1 genotypes" in str(note.message) for note in some.notes if note.code == "no_gq")

    def test_a_threshold_that_judges_all_says_nothing(self, tmp_path: Path) -> None:
        assert not {"no_gq", "no_dp"} & codes(read(tmp_path, star2("0/1:9:30", form="GT:GQ:DP"), min_gq=10, min_dp=10))

    def test_an_empty_min_dp_leaves_dp_to_judge(self, tmp_path: Path) -> None:
        found = read(tmp_path, star2("0/1:.:5", form="GT:MIN_DP:DP"), min_dp=10)
        assert at(found, *STAR2)[0] == "FILTERED" and "no_dp" not in codes(found)

    def test_a_passing_record_beside_a_filtered_one(self, tmp_path: Path) -> None:
        found = read(tmp_path, star2("0/1"), snv("chr10:94781859", "G", "T", "0/1", filters="LowQual"))
        assert at(found, *STAR2) == ("CALLED", (0, 1))


class TestGenotypes:
    @pytest.mark.parametrize(
        ("gt", "state", "alleles"),
        [
            ("./1", "CALLED", (-1, 1)),
            ("1|.", "CALLED", (1, -1)),
            (".", "NO_CALL", (-1, -1)),
            (".|.", "NO_CALL", (-1, -1)),
            ("0/0/1", "UNSUPPORTED", (-4, -4)),
            ("/0|1", "CALLED", (0, 1)),
            ("|0|1", "CALLED", (0, 1)),
        ],
    )
    def test_half_missing_and_polyploid_calls(
        self, tmp_path: Path, gt: str, state: str, alleles: tuple[int, int]
    ) -> None:
        assert at(read(tmp_path, star2(gt)), *STAR2) == (state, alleles)

    def test_more_than_nine_alternates(self, tmp_path: Path) -> None:
        alts = ",".join("A" + "T" * n for n in range(1, 11)) + ",A"
        found = read(tmp_path, snv("chr10:94781859", "G", alts, "0/11", "11|11"), samples="AB")
        assert [at(found, *STAR2, i)[1] for i in (0, 1)] == [(0, 1), (1, 1)]

    def test_a_single_allele_of_an_autosome_leaves_the_other_unknown(self, tmp_path: Path) -> None:
        found = read(tmp_path, star2("1"))
        assert at(found, *STAR2) == ("CALLED", (1, -1))
        assert "haploid_autosome" in codes(found)

    def test_a_record_without_gt_is_no_call(self, tmp_path: Path) -> None:
        assert at(read(tmp_path, star2("12", form="DP"), snv("chr10:94842866", "A", "G", "0/0")), *STAR2) == (
            "NO_CALL",
            (-1, -1),
        )

    def test_lower_case_bases(self, tmp_path: Path) -> None:
        assert at(read(tmp_path, snv("chr10:94781859", "g", "a", "0/1")), *STAR2) == ("CALLED", (0, 1))

    @pytest.mark.parametrize(
        ("alt", "values", "state"),
        [
            ("A", "0/0:0:0", "NO_CALL"), ("A", "0/0:0:20", "NO_CALL"), ("A", "0/0:9:0", "NO_CALL"),
            ("A", "0/0:9:20", "CALLED"), ("A", "0/1:0:0", "FILTERED"),
            (".", "0/0:0:.", "NO_CALL"), (".", "0/0:9:30", "CALLED"), ("A,<NON_REF>", "0/0:5:0", "NO_CALL"),
        ],
    )  # fmt: skip
    def test_reference_calls_without_reads(self, tmp_path: Path, alt: str, values: str, state: str) -> None:
        found = read(tmp_path, snv("chr10:94781859", "G", alt, values, form="GT:DP:GQ"))
        assert at(found, *STAR2)[0] == state

    def test_an_allele_of_unknown_bases_is_unsupported(self, tmp_path: Path) -> None:
        assert at(read(tmp_path, snv("chr10:94781859", "G", "N", "0/1")), *STAR2) == ("UNSUPPORTED", (0, -4))

    def test_more_undocumented_alleles_than_there_are_codes(self, tmp_path: Path) -> None:
        import itertools

        inserted = ["CAT" + "".join(p) for p in itertools.product("ACGT", repeat=4)][:200]
        found = read(tmp_path, snv("chr2:233760233", "CAT", ",".join(inserted), "1/200"))
        assert at(found, "chr2", 233760233)[0] == "UNSUPPORTED"

    @pytest.mark.parametrize("field", ["²", "९"])
    def test_digits_of_other_scripts_are_none(self, tmp_path: Path, field: str) -> None:
        with pytest.raises(InputError):
            read(tmp_path, snv(f"chr10:9478185{field}", "G", "A", "0/1"))
        with pytest.raises(InputError):
            read(tmp_path, star2(f"0/{field}"))

    def test_a_symbolic_allele_that_is_called_is_unsupported(self, tmp_path: Path) -> None:
        found = read(tmp_path, snv("chr10:94781859", "G", "A,<NON_REF>", "0/2"))
        assert at(found, *STAR2) == ("UNSUPPORTED", (0, -4))


class TestPhase:
    def test_phase_sets(self, tmp_path: Path) -> None:
        row = star2("0|1:94781000", "0/1:94781000", "0|1:.", form="GT:PS")
        found = read(tmp_path, row, samples="ABC")
        v = site(found, 94781859)
        assert found.phased[v].tolist() == [True, False, True]
        assert found.phase_set[v].tolist() == [94781000, 0, 0]

    def test_the_phase_that_gatk_writes_beside_the_genotype(self, tmp_path: Path) -> None:
        form = "GT:PGT:PID"
        row = star2("0/1:1|0:94781800_C_T", "0/1:0|1:94781800_C_T", "0/1:.:.", "1/1:0|1:94781800_C_T", form=form)
        found = read(tmp_path, row, samples="ABCD")
        v = site(found, 94781859)
        assert found.alleles[v].tolist() == [[1, 0], [0, 1], [0, 1], [1, 1]]
        assert found.phased[v].tolist() == [True, True, False, False]
        assert found.phase_set[v].tolist() == [94781800, 94781800, 0, 0]

    def test_leading_separators_of_version_4_4(self, tmp_path: Path) -> None:
        found = read(tmp_path, star2("|0|1", "/0|1", "0|1"), samples="ABC", version="VCFv4.4")
        assert found.phased[site(found, 94781859)].tolist() == [True, False, True]

    def test_a_half_call_is_not_phased(self, tmp_path: Path) -> None:
        found = read(tmp_path, star2("1|."))
        assert not found.phased[site(found, 94781859)].any()


class TestSingleCopies:
    def row(self, *genotypes: str) -> str:
        return snv("chrX:154532269", "C", "A,G", *genotypes)

    def test_haploid_calls_on_x_have_no_second_copy_and_tell_the_sex(self, tmp_path: Path) -> None:
        found = read(tmp_path, self.row("1", "0/1"), samples="AB")
        assert [at(found, *G6PD, i)[1] for i in (0, 1)] == [(1, -2), (0, 1)]
        assert "sex_inferred" in codes(found)

    def test_a_males_homozygous_call_is_one_copy(self, tmp_path: Path) -> None:
        found = read(tmp_path, self.row("1/1", "1/1"), samples="AB", sex={"A": "male", "B": "female"})
        assert [at(found, *G6PD, i)[1] for i in (0, 1)] == [(1, -2), (1, 1)]

    def test_a_males_heterozygous_call_is_flagged_and_not_used(self, tmp_path: Path) -> None:
        found = read(tmp_path, self.row("0/1"), sex={"A": "M"})
        assert at(found, *G6PD) == ("UNSUPPORTED", (-4, -2))
        assert "male_heterozygous_x" in codes(found)

    @pytest.mark.parametrize(
        ("sex", "genotype", "code"), [("M", "0/1", "male_heterozygous_x"), ("F", "1", "female_haploid_x")]
    )
    def test_what_does_not_fit_the_sex_is_one_note_a_person(
        self, tmp_path: Path, sex: str, genotype: str, code: str
    ) -> None:
        rows = [snv("chrX:154532269", "C", "A,G", genotype, "0/0"), snv("chrX:154533025", "A", "G", genotype, "0/0")]
        found = read(tmp_path, *rows, samples="AB", sex={"A": sex})
        said = [(note.sample, note.where) for note in found.notes if note.code == code]
        assert said == [("A", "first at chrX:154532269")]

    @pytest.mark.parametrize("genotype", ["1/.", "./1"])
    def test_half_a_change_of_a_male_is_shown_but_not_known(self, tmp_path: Path, genotype: str) -> None:
        found = read(tmp_path, self.row(genotype), sex={"A": "male"})
        assert at(found, *G6PD) == ("UNSUPPORTED", (-4, -2))

    def test_a_males_absent_position_has_one_copy(self, tmp_path: Path) -> None:
        found = read(tmp_path, star2("0/1"), sex={"A": "male"})
        assert at(found, *G6PD) == ("ABSENT", (-1, -2))
        assumed = read(tmp_path, star2("0/1"), sex={"A": "male"}, absent_is_reference=True)
        assert at(assumed, *G6PD) == ("ASSUMED_REFERENCE", (0, -2))

    def test_a_females_haploid_call_keeps_the_other_copy_unknown(self, tmp_path: Path) -> None:
        found = read(tmp_path, self.row("1"), sex={"A": "female"})
        assert at(found, *G6PD) == ("CALLED", (1, -1))
        assert {"female_haploid_x", "sex_mismatch"} <= codes(found)

    @pytest.mark.parametrize(
        ("sex", "genotypes", "said"),
        [
            ("male", ["0/1"] * 3, None),
            ("male", ["0/1"] * 4, "given as male .* chrX shows 4 heterozygous of 4 genotypes"),
            ("male", ["0/1"] * 4 + ["1/1"] * 30, None),
            ("male", ["0/1"] * 15 + ["1/1"] * 25, "given as male .* chrX shows 15 heterozygous of 40 genotypes"),
            ("male", ["1"] * 40, None),
            ("female", ["1"] * 5, "given as female .* chrX shows one copy at 5 positions"),
            ("female", ["1/1"] * 40, "given as female .* chrX shows 0 heterozygous of 40 genotypes"),
            ("female", ["1/1"] * 10, None),
            ("female", ["0/1"] * 20, None),
        ],
    )
    def test_a_sex_that_chrx_surely_contradicts_may_be_a_mix_up_of_samples(
        self, tmp_path: Path, sex: str, genotypes: list[str], said: str | None
    ) -> None:
        rows = [snv(f"chrX:{30_000_000 + 50 * i}", "A", "C", one) for i, one in enumerate(genotypes)]
        found = read(tmp_path, *rows, self.row("./."), sex={"A": sex})
        messages = [str(note.message) for note in found.notes if note.code == "sex_mismatch"]
        assert [bool(re.search(said, one)) for one in messages] == [True] if said else messages == []

    @pytest.mark.parametrize(("hets", "second"), [(0, -2), (15, 1)])
    def test_sex_from_the_share_of_heterozygous_calls(self, tmp_path: Path, hets: int, second: int) -> None:
        rows = [snv(f"chrX:{30_000_000 + 50 * i}", "A", "C", "0/1" if i < hets else "1/1") for i in range(40)]
        found = read(tmp_path, *rows, self.row("1/1"))
        assert at(found, *G6PD) == ("CALLED", (1, second))

    def test_an_unknown_word_for_sex_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="sex 'x'"):
            read(tmp_path, star2("0/1"), sex={"A": "x"})

    def test_the_mitochondrion_has_one_copy(self, tmp_path: Path) -> None:
        found = read(tmp_path, snv("chrM:1555", "A", "G", "1/1", "1", "0/1", "0/0"), samples="ABCD")
        assert [at(found, *MT, i) for i in range(4)] == [
            ("CALLED", (1, -2)), ("CALLED", (1, -2)), ("UNSUPPORTED", (-4, -2)), ("CALLED", (0, -2)),
        ]  # fmt: skip
        assert "heteroplasmy" in codes(found)

    @pytest.mark.parametrize(
        ("form", "sample", "codes_"),
        [
            ("GT:AF", "0/1:0.999", (1, -2)),
            ("GT:FREQ", "0/1:99.9%", (1, -2)),
            ("GT:RD:AD:FREQ", "0/1:3:2997:99.9%", (1, -2)),
            ("GT:RD:AD", "0/1:1500:1500", (-4, -2)),
            ("GT:VAF", "0/1:0.4", (-4, -2)),
            ("GT:AF:AD", "0/1:.:2,900", (1, -2)),
            ("GT:AF:VAF", "0/1:.:0.999", (1, -2)),
            ("GT:AF:AD", "0/0:.:60,40", (-4, -2)),
        ],
    )  # fmt: skip
    def test_the_reads_tell_a_mixture_of_mitochondria_by_any_caller_s_name(
        self, tmp_path: Path, form: str, sample: str, codes_: tuple[int, int]
    ) -> None:
        found = read(tmp_path, snv("chrM:1555", "A", "G", sample, form=form))
        assert at(found, *MT)[1] == codes_

    def test_one_share_for_two_alternate_alleles_is_of_neither(self, tmp_path: Path) -> None:
        found = read(tmp_path, snv("chrM:1555", "A", "G,T", "0/1:0.999:800,2,200", form="GT:AF:AD"))
        assert at(found, *MT)[1] == (-4, -2)


class TestFiles:
    def test_one_file_a_chromosome(self, tmp_path: Path) -> None:
        for name, row in (
            ("10", star2("0/1")),
            ("M", snv("chrM:1555", "A", "G", "1")),
            ("14", snv("chr14:5", "A", "G", "1/1")),
        ):
            (tmp_path / f"{name}.vcf").write_text(text([row]))
        found = pgx.variants.read([tmp_path / f"{n}.vcf" for n in ("10", "M", "14")], knowledge())
        assert (at(found, *STAR2), at(found, *MT)) == (("CALLED", (0, 1)), ("CALLED", (1, -2)))
        assert "no_positions" in codes(found)

    def test_files_of_different_persons(self, tmp_path: Path) -> None:
        for name, gt in (("A", "0/1"), ("B", "1/1")):
            (tmp_path / f"{name}.vcf").write_text(text([star2(gt)], name))
        found = pgx.variants.read([tmp_path / "A.vcf", tmp_path / "B.vcf"], knowledge())
        assert found.samples == ("A", "B")
        assert [at(found, *STAR2, i)[1] for i in (0, 1)] == [(0, 1), (1, 1)]

    def test_a_choice_of_samples_in_the_order_asked_for(self, tmp_path: Path) -> None:
        found = read(tmp_path, star2("0/0", "0/1", "1/1"), samples="ABC")
        some = pgx.variants.read(tmp_path / "in.vcf", knowledge(), samples=["C", "A"])
        assert found.samples == ("A", "B", "C")
        assert [at(some, *STAR2, i)[1] for i in (0, 1)] == [(1, 1), (0, 0)]
        with pytest.raises(UsageError, match="'D'"):
            pgx.variants.read(tmp_path / "in.vcf", knowledge(), samples=["D"])
        with pytest.raises(UsageError, match="none is named"):
            pgx.variants.read(tmp_path / "in.vcf", knowledge(), samples=[])

    def test_every_packing_gives_the_same(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        import gzip
        import io

        import pysam.bcftools

        rows = [snv("chr10:94781859", "G", "A", "0/1", "1|1"), snv("chr10:94842866", "A", "G", "1|1", "./.")]
        plain = tmp_path / "in.vcf"
        plain.write_text(text(rows, "AB"))
        packed = compress(plain)
        unindexed = compress(plain, index=False).rename(tmp_path / "unindexed.vcf.gz")
        packed = compress(plain)
        gz = tmp_path / "plain_gzip.vcf.gz"
        gz.write_bytes(gzip.compress(plain.read_bytes()))
        pieces = tmp_path / "many_members.vcf.gz"  # the first hold one byte or none
        whole = plain.read_bytes()
        pieces.write_bytes(b"".join(gzip.compress(piece) for piece in (whole[:1], b"", whole[1:2], whole[2:])))
        crlf = tmp_path / "crlf.vcf"
        crlf.write_bytes(plain.read_bytes().replace(b"\n", b"\r\n"))
        bom = tmp_path / "bom.vcf"
        bom.write_bytes(b"\xef\xbb\xbf" + plain.read_bytes())
        bcf = tmp_path / "in.bcf"
        pysam.bcftools.view("-Ob", "-o", str(bcf), str(packed), catch_stdout=False)
        expected = pgx.variants.read(plain, knowledge())
        results = [pgx.variants.read(path, knowledge()) for path in (packed, unindexed, gz, pieces, crlf, bom, bcf)]
        pysam.bcftools.index(str(bcf))
        results.append(pgx.variants.read(bcf, knowledge()))
        for path in (plain, packed, gz, pieces, bcf):
            monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(path.read_bytes())))
            results.append(pgx.variants.read("-", knowledge()))
        for found in results:
            assert np.array_equal(found.alleles, expected.alleles)
            assert np.array_equal(found.state, expected.state)
            assert np.array_equal(found.phased, expected.phased)

    @pytest.mark.parametrize("packed", [False, True])
    def test_a_named_pipe(self, tmp_path: Path, packed: bool) -> None:
        import os
        import threading

        (tmp_path / "in.vcf").write_text(text([star2("0/1")]))
        source = compress(tmp_path / "in.vcf") if packed else tmp_path / "in.vcf"
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        writer = threading.Thread(target=lambda: pipe.write_bytes(source.read_bytes()))
        writer.start()
        found = pgx.variants.read(pipe, knowledge())
        writer.join()
        assert at(found, *STAR2) == ("CALLED", (0, 1))

    def test_text_longer_than_one_chunk(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("pgx.variants.vcf.streams.CHUNK", 100)
        rows = [snv(f"chr10:{p}", "A", "C", "0/1") for p in range(94781000, 94781800, 5)]
        found = read(tmp_path, *rows, star2("0/1"), snv("chr10:94842866", "A", "G", "1/1"))
        assert (at(found, *STAR2)[1], at(found, "chr10", 94842866)[1]) == ((0, 1), (1, 1))


class TestBuild:
    def test_contig_names_of_every_kind(self, tmp_path: Path) -> None:
        for name, build in (("10", None), ("chr10", None), ("NC_000010.11", None), ("CM000672.2", None)):
            meta = [f"##contig=<ID={name}>", "##reference=GRCh38"]
            row = snv(f"{name}:94781859", "G", "A", "0/1")
            assert at(read(tmp_path, row, build=build, meta=meta), *STAR2) == ("CALLED", (0, 1)), name

    def test_the_accession_alone_tells_the_build(self, tmp_path: Path) -> None:
        found = read(
            tmp_path, snv("NC_000010.10:96541616", "G", "A", "0/1"), build=None, meta=["##contig=<ID=NC_000010.10>"]
        )
        assert (found.build, at(found, *STAR2)) == ("GRCh37", ("CALLED", (0, 1)))

    def test_the_ref_bases_tell_it_where_the_header_does_not(self, tmp_path: Path) -> None:
        rows = {
            "GRCh38": [snv("10:94781859", "G", "A", "0/1"), snv("10:94842866", "A", "G", "1/1")],
            "GRCh37": [snv("10:96541616", "G", "A", "0/1"), snv("10:96602623", "G", "A", "0/0")],
        }
        for build, records in rows.items():
            found = read(tmp_path, *records, build=None)
            assert (found.build, at(found, *STAR2)[1], at(found, "chr10", 94842866)[1]) == (build, (0, 1), (1, 1))

    def test_a_header_that_contradicts_itself_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="contradicts itself"):
            read(tmp_path, star2("0/1"), meta=["##reference=file:///data/hg19.fa"])

    def test_a_reference_line_that_a_liftover_left_behind_gives_way_to_the_user(self, tmp_path: Path) -> None:
        path = tmp_path / "in.vcf"
        path.write_text(text([star2("0/1")], meta=["##reference=hg19.fa"]))
        assert pgx.variants.read(path, knowledge(), build="GRCh38").build == "GRCh38"
        with pytest.raises(InputError, match="the file is GRCh38"):
            pgx.variants.read(path, knowledge(), build="GRCh37")

    def test_a_build_that_contradicts_the_file_is_refused(self, tmp_path: Path) -> None:
        read(tmp_path, star2("0/1"))
        with pytest.raises(InputError, match="the file is GRCh38"):
            pgx.variants.read(tmp_path / "in.vcf", knowledge(), build="GRCh37")
        with pytest.raises(UsageError, match="build 'mm10'"):
            pgx.variants.read(tmp_path / "in.vcf", knowledge(), build="mm10")

    def test_ref_bases_that_contradict_the_header_are_refused(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="another genome build"):
            read(tmp_path, snv("chr10:94781859", "T", "A", "0/1"))

    def test_one_wrong_ref_among_many_opens_its_site_and_is_said(self, tmp_path: Path) -> None:
        rows = [snv(f"chr10:{p}", r, a, "0/1") for p, r, a in _snvs()[:9]]
        chrom, pos, ref, alt = "chr10", *_snvs()[9]
        found = read(tmp_path, *rows, snv(f"{chrom}:{pos}", alt, ref, "0/1"))
        assert at(found, chrom, pos) == ("UNSUPPORTED", (-4, -4))
        assert "reference_mismatch" in codes(found)


def _snvs() -> list[tuple[int, str, str]]:
    sites = knowledge().sites.filter(knowledge().sites["chrom"] == "chr10")
    rows = [
        (p, r, a[1]) for p, r, a in sites.select("pos_grch38", "ref", "alleles").iter_rows() if len(r) == len(a[1]) == 1
    ]
    return rows[:40]


def test_a_filtered_reference_genotype_shows_nothing(tmp_path: Path) -> None:
    assert at(read(tmp_path, star2("0/0", filters="LowQual")), *STAR2) == ("FILTERED", (-1, -1))


@pytest.mark.parametrize(
    ("genotype", "expected"),
    [("0/0", ("CALLED", (0, 0))), ("./.", ("NO_CALL", (-1, -1))), ("0/1", ("FILTERED", (-1, -4)))],
)
def test_a_filter_that_says_reference_is_evidence_of_it(tmp_path: Path, genotype: str, expected: object) -> None:
    assert at(read(tmp_path, star2(genotype, filters="RefCall")), *STAR2) == expected
