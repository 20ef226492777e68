"""A site's own tables lie over the product's: same schema, checked the same way, marked, and no code."""

import contextlib
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pgx.errors import InputError
from pgx.knowledge import configured, load
from pgx.knowledge.resolver import resolve
from pgx.knowledge.rules.phenotypes import phenotype_of
from pgx.knowledge.sentences import compose
from pgx.knowledge.validation import validate as checks
from pgx.knowledge.validation.validate import validate
from tests.knowledge.overlay import NEW_GENE, write_overlay


def test_a_new_gene_takes_no_code(tmp_path: Path) -> None:
    kb = load([write_overlay(tmp_path / "ward7", NEW_GENE)])
    definition = kb.gene("ZZG1")
    assert definition.alleles == ("*1", "*2", "*3")
    assert definition.defining.sum(axis=1).tolist() == [0, 1, 1]
    assert phenotype_of(kb, "ZZG1", "CPIC", ("*2",), ("*3",)).phenotype == "Poor Metabolizer"
    row = kb.table("recommendations").filter(pl.col("rec_id") == "WARD7-1").row(0, named=True)
    said = "Avoid newdrugine. Possible alternatives: warfarin. Ask the ward pharmacist."
    assert compose(row, kb=kb) == said
    assert resolve(kb, "Newdrug") == "newdrugine"


def test_a_sound_overlay_validates(tmp_path: Path) -> None:
    kb = load([write_overlay(tmp_path / "ward7", NEW_GENE)])
    assert [one for one in validate(kb) if one.severity != "note"] == []


def test_local_rows_are_marked_everywhere(tmp_path: Path) -> None:
    kb = load([write_overlay(tmp_path / "ward7", NEW_GENE)])
    assert kb.local_genes == {"ZZG1": "ward7"}
    assert kb.local_drugs == {"newdrugine": "ward7"}
    assert kb.version.endswith("+ward7")
    assert kb.checksum != load().checksum
    marked = kb.table("recommendations").filter(pl.col("local").is_not_null())
    assert marked["rec_id"].to_list() == ["WARD7-1"]
    assert load().local_genes == {}


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("gene allele scheme function", "missing column 'activity_is_minimum'; it holds: "),
        ("gene scheme function", "missing columns 'allele', 'activity_is_minimum'; allele holds: "),
    ],
)
def test_every_column_that_is_missing_is_named_at_once(tmp_path: Path, header: str, told: str) -> None:
    with pytest.raises(InputError) as refused:
        load([write_overlay(tmp_path / "site", {"functions": header})])
    assert told in str(refused.value)


def test_a_row_with_the_same_key_replaces(tmp_path: Path) -> None:
    change = {
        "functions": "gene allele scheme function activity_is_minimum\nCYP2C19 *17 CPIC Normal_function n",
    }
    kb = load([write_overlay(tmp_path / "site", change)])
    assert phenotype_of(kb, "CYP2C19", "CPIC", ("*17",), ("*17",)).phenotype == "Normal Metabolizer"
    assert kb.table("functions").height == load().table("functions").height
    assert kb.local_genes == {"CYP2C19": "site"}


def test_later_overlays_win(tmp_path: Path) -> None:
    header = "gene allele scheme function activity_is_minimum\n"
    one = write_overlay(tmp_path / "one", {"functions": header + "CYP2C19 *17 CPIC No_function n"})
    two = write_overlay(tmp_path / "two", {"functions": header + "CYP2C19 *17 CPIC Normal_function n"})
    assert phenotype_of(load([one, two]), "CYP2C19", "CPIC", ("*17",), ("*17",)).phenotype == "Normal Metabolizer"
    assert phenotype_of(load([two, one]), "CYP2C19", "CPIC", ("*17",), ("*17",)).phenotype == "Poor Metabolizer"


def test_the_range_of_a_phenotype_is_replaced_not_doubled(tmp_path: Path) -> None:
    text = "gene scheme rule_type input1 score_min score_min_inclusive score_max score_max_inclusive phenotype source\n"
    rule = "CYP2D6 CPIC activity_range sum_of_activity_values 2.75 y . . Ultrarapid_Metabolizer site"
    normal = "\nCYP2D6 CPIC activity_range sum_of_activity_values 1.25 y 2.75 n Normal_Metabolizer site"
    kb = load([write_overlay(tmp_path / "site", {"phenotype_rules": text + rule + normal})])
    assert phenotype_of(kb, "CYP2D6", "CPIC", ("*1x2",), ("*9",)).phenotype == "Normal Metabolizer"
    assert not [one for one in validate(kb) if one.severity == "error"]


def test_an_alleles_bases_are_replaced_as_a_whole(tmp_path: Path) -> None:
    before = load().gene("CYP2C19")
    assert before.defining[before.alleles.index("*17")].sum() == 2
    text = "gene allele pos_grch38 bases variants\nCYP2C19 *17 94761900 T CYP2C19:94761900:C:T"
    after = load([write_overlay(tmp_path / "site", {"definitions": text})]).gene("CYP2C19")
    assert after.defining[after.alleles.index("*17")].sum() == 1


def test_a_longer_reference_string_at_a_known_site_keeps_every_definition(tmp_path: Path) -> None:
    header = "variant_id gene chrom pos_grch38 ref alt type pos_grch37 ref_grch37 alt_grch37 ref_differs source\n"
    kb0 = load()
    row = kb0.table("variants").filter(pl.col("rsid") == "rs4244285").row(0, named=True)
    position, other = row["pos_grch38"], row["pos_grch37"]
    added = f"CYP2C19:{position}:GTTCA:G CYP2C19 chr10 {position} GTTCA G del {other} GTTCA G n site"
    alleles = "gene allele reference grch38 grch37 structural callable\nCYP2C19 *900 n n n n y"
    bases = f"gene allele pos_grch38 bases variants\nCYP2C19 *900 {position} G CYP2C19:{position}:GTTCA:G"
    tables = {"variants": header + added, "alleles": alleles, "definitions": bases}
    kb = load([write_overlay(tmp_path / "site", tables)])
    site = kb.sites.filter(pl.col("pos_grch38") == position).row(0, named=True)
    assert site["ref"] == "GTTCA"
    assert site["alleles"] == ["GTTCA", "ATTCA", "G"]
    definition = kb.gene("CYP2C19")
    p = list(definition.sites).index(site["site"])
    accepted = {name: definition.accepts[definition.alleles.index(name), p].tolist() for name in ("*1", "*2", "*900")}
    assert accepted["*1"][:3] == [True, False, False]
    assert accepted["*2"][:3] == [False, True, False]
    assert accepted["*900"][:3] == [False, False, True]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("functions", "gene allele scheme function\nCYP2C19 *2 CPIC No_function", "activity_is_minimum"),
        ("functions", "gene allele scheme activity_is_minimum colour\nCYP2C19 *2 CPIC n red", "colour"),
        ("functions", "gene allele scheme activity_is_minimum\nCYP2C19 *2 KPIC n", "line 2, column scheme"),
        ("functions", "gene allele scheme activity_is_minimum activity_value\nCYP2C19 *2 CPIC n lots", "not a number"),
        ("functions", "gene allele scheme activity_is_minimum\nCYP2C19 . CPIC n", "the cell is empty"),
        ("nonsense", "gene\nCYP2C19", "not the name of a knowledge table"),
    ],
)
def test_an_overlay_that_breaks_the_schema_is_refused_with_its_line(
    tmp_path: Path, name: str, text: str, says: str
) -> None:
    folder = write_overlay(tmp_path / "bad", {name: text})
    with pytest.raises(InputError) as error:
        load([folder])
    assert says in str(error.value)
    assert f"{name}.tsv" in str(error.value)


def test_a_row_of_another_length_is_refused(tmp_path: Path) -> None:
    (tmp_path / "drugs.tsv").write_text("drug\tsource\none\tsite\ttoo many\n")
    with pytest.raises(InputError, match="line 2: 3 cells"):
        load([tmp_path])


def test_a_missing_or_empty_overlay_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such knowledge folder"):
        load([tmp_path / "absent"])
    with pytest.raises(InputError, match="holds no tables"):
        load([tmp_path])


def test_a_definition_of_an_unknown_position_is_refused(tmp_path: Path) -> None:
    bad = {**NEW_GENE, "definitions": "gene allele pos_grch38 bases variants\nZZG1 *2 77 G ZZG1:77:A:G"}
    kb = load([write_overlay(tmp_path / "bad", bad)], check=False)
    with pytest.raises(InputError, match="requires bases at 77"):
        kb.gene("ZZG1")
    assert any("is not in variants" in one.message for one in checks._references(kb))


def test_configuration_files_name_overlays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, work = tmp_path / "home", tmp_path / "work" / "deep"
    (home / "pgx").mkdir(parents=True)
    work.mkdir(parents=True)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home))
    assert configured(work) == ()
    (home / "pgx" / "config.toml").write_text('knowledge = ["hospital"]\n')
    (tmp_path / "work" / "pgx.toml").write_text('knowledge = ["ward7"]\n')
    assert configured(work) == ((home / "pgx" / "hospital").resolve(), (tmp_path / "work" / "ward7").resolve())
    (tmp_path / "work" / "pgx.toml").write_text("knowledge = 7\n")
    with pytest.raises(InputError, match="list of folder names"):
        configured(work)
    (tmp_path / "work" / "pgx.toml").write_text('knowlege = ["ward7"]\n')
    with pytest.raises(InputError, match="unknown setting 'knowlege'"):
        configured(work)


@pytest.mark.parametrize("number", ["1_000", "nan", "inf", "1e999", "0x10", "--1", "9" * 400, "½"])
def test_only_plain_numbers_are_numbers(tmp_path: Path, number: str) -> None:
    text = f"gene allele scheme activity_is_minimum activity_value\nCYP2D6 *1 CPIC n {number}"
    with pytest.raises(InputError, match="not a number"):
        load([write_overlay(tmp_path / "bad", {"functions": text})])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300) | st.text(alphabet="gene\tallelschm\n\r*12CPID\ufeff\x00\"'", max_size=200))
def test_no_file_content_ends_in_anything_but_an_input_error(tmp_path: Path, content: bytes | str) -> None:
    data = content.encode() if isinstance(content, str) else content
    (tmp_path / "functions.tsv").write_bytes(data)
    with contextlib.suppress(InputError):
        load([tmp_path])


@pytest.mark.parametrize("name", ["label_limits.csv", "label_limits.tsv.txt", "label_limits.xlsx", "notes.txt"])
def test_a_table_saved_as_something_else_is_never_left_out_without_a_word(tmp_path: Path, name: str) -> None:
    folder = write_overlay(tmp_path / "ward7", NEW_GENE)
    (folder / name).write_text("limit_id,drug\n")
    if not name.startswith("label_limits"):
        assert load(overlays=[folder]).table("genes").filter(gene="ZZG1").height == 1
        return
    with pytest.raises(InputError, match=r"not a TSV file.*save it as label_limits\.tsv"):
        load(overlays=[folder])
