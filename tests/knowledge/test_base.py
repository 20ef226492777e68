"""Loading, versions, definitions and provenance."""

import pickle
import shutil
import tomllib
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import pgx
from pgx.build_data.knowledge import build, build_folder
from pgx.errors import InputError, UsageError
from pgx.knowledge import load, manifest
from pgx.knowledge.drug_names import drug_names
from pgx.knowledge.sources import read_sources
from pgx.knowledge.tables.declared import TABLES
from tests.outside import OUTSIDE

KB = load()
FACTS = Path(__file__).resolve().parents[1] / "data" / "facts"


def test_version_and_checksum_are_never_null() -> None:
    assert KB.version
    assert len(KB.checksum) == 64
    assert len(KB.table("genes")) == 91


def test_a_folder_without_a_version_is_refused(tmp_path: Path) -> None:
    shutil.copytree(KB.folders[0], tmp_path / "kb")
    (tmp_path / "kb" / "VERSION").unlink()
    with pytest.raises(InputError, match="no version"):
        _ = load(folder=tmp_path / "kb").version


def test_any_change_of_a_table_changes_the_checksum(tmp_path: Path) -> None:
    shutil.copytree(KB.folders[0], tmp_path / "kb")
    assert load(folder=tmp_path / "kb").checksum == KB.checksum
    path = tmp_path / "kb" / "drugs.tsv"
    path.write_text(path.read_text(encoding="utf-8") + "zzz\t\t\t\t\t\t\tsite\n", encoding="utf-8")
    assert load(folder=tmp_path / "kb").checksum != KB.checksum


@pytest.mark.parametrize("name", list(TABLES))
def test_every_table_loads_with_its_declared_columns(name: str) -> None:
    frame = KB.table(name)
    assert frame.columns == [*(one.name for one in TABLES[name].fields), "local"]
    for one in TABLES[name].fields:
        assert one.doc
        if one.required:
            assert frame[one.name].null_count() == 0, one.name


def test_counts_are_those_of_the_facts_and_the_additions() -> None:
    counts = {
        "variants": 1709, "alleles": 1904, "recommendations": 1767, "pairs": 705, "drugs": 918, "interactions": 449,
        "frequencies": 1754, "phenotype_frequencies": 407, "variant_frequencies": 2485, "effects": 75,
        "phenotype_rules": 257, "phenotype_exceptions": 1091, "phenoconversion": 12, "equations": 27, "hla_tags": 3,
    }  # fmt: skip
    assert {name: KB.table(name).height for name in counts} == counts


def test_unknown_tables_and_genes_are_usage_errors() -> None:
    with pytest.raises(UsageError, match="no knowledge table"):
        KB.table("horoscopes")
    with pytest.raises(UsageError, match="no gene"):
        KB.gene("NOSUCH1")


def test_a_knowledge_base_survives_the_way_to_a_worker() -> None:
    KB.gene("CYP2C19")
    assert pickle.loads(pickle.dumps(KB)).checksum == KB.checksum
    assert len(pickle.dumps(KB)) < 1000


def test_names_of_drugs_survive_the_way_to_a_worker() -> None:
    names = pickle.loads(pickle.dumps(drug_names(KB)))
    assert names.find("Plavix 75 mg").drugs == ("clopidogrel",)
    assert names.entry("warfarin (stopped 3 days ago)").ago == 3


def test_definitions_by_hand() -> None:
    cyp2c19 = KB.gene("CYP2C19")
    assert cyp2c19.alleles[0] == "*1"
    positions = KB.sites["pos_grch38"].to_numpy()[cyp2c19.sites]
    assert np.all(np.diff(positions) > 0)
    star2 = cyp2c19.alleles.index("*2")
    assert set(positions[cyp2c19.defining[star2]]) == {94775367, 94781859, 94842866}
    assert KB.gene("HLA-B").alleles == ()


def test_every_base_that_any_allele_accepts_exists_at_its_site() -> None:
    sites = KB.sites["alleles"].to_list()
    for gene in KB.genes:
        definition = KB.gene(gene)
        for p, site in enumerate(definition.sites):
            assert not definition.accepts[:, p, len(sites[site]) :].any()
        assert definition.accepts.any(axis=2).all()


def test_every_row_that_the_importer_makes_of_some_facts_is_a_shipped_row(tmp_path: Path) -> None:
    whole = {line.split("\t")[0] for line in (FACTS / "phenotypes.tsv").read_text().splitlines()}
    for name in build(FACTS, tmp_path):
        files = TABLES[name].files()
        made, shipped = (
            {line for file in files for line in (folder / file).read_text().splitlines()}
            for folder in (tmp_path, KB.folders[0])
        )
        if name == "genes":  # of the genes that are there for a correction alone, no more is
            made = {line for line in made if line.split("\t")[0] in whole}
        assert len(made) > 1 and made <= shipped, name


@pytest.mark.panel("facts")
def test_the_shipped_tables_are_what_the_importer_makes(tmp_path: Path) -> None:
    build_folder(OUTSIDE / "facts", tmp_path / "kb")
    for path in sorted(KB.folders[0].glob("*")):
        if path.is_file():
            assert (tmp_path / "kb" / path.name).read_bytes() == path.read_bytes(), path.name


def test_a_correction_that_no_longer_fits_stops_the_import(tmp_path: Path) -> None:
    text = (KB.folders[0] / "corrections.tsv").read_text(encoding="utf-8")
    (tmp_path / "corrections.tsv").write_text(text.replace("score_max_inclusive\ty\tn", "score_max_inclusive\tz\tn"))
    with pytest.raises(
        InputError, match=r"corrections.tsv: line 2: the correction of phenotype_rules .* no longer fits"
    ):
        build(FACTS, tmp_path)


def test_missing_fact_tables_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"fact tables are missing: .*genes"):
        build(tmp_path, tmp_path / "out")


def test_the_manifest_holds_the_checksum_of_every_input_and_table() -> None:
    found = manifest.read_manifest(KB.folders[0])
    assert len(found["inputs"]) == 18
    entries = [*found["inputs"].values(), *found["tables"].values()]
    assert all(len(entry["sha256"]) == 64 and entry["rows"] > 0 for entry in entries)
    assert len(found["kept"]) > 80 and all(len(checksum) == 64 for checksum in found["kept"].values())
    assert list(manifest.differences(KB.folders[0])) == []


def test_every_source_has_version_date_and_licence() -> None:
    found = read_sources(KB.folders[0])
    assert all(one.what and one.version and one.date and one.licence for one in found.sources.values())
    content = tomllib.loads((KB.folders[0] / "sources.toml").read_text(encoding="utf-8"))
    assert set(content["imported"]["tables"]) <= set(TABLES)


def test_rows_from_memory_say_so() -> None:
    recall = pl.col("confidence") == "recall"
    assert KB.table("interactions").filter(recall).height > 0
    assert KB.table("interactions").filter(pl.col("source").str.contains("recall") & ~recall).is_empty()
    assert KB.table("effects").filter(pl.col("confidence").is_null()).is_empty()


def test_the_command_prints_the_knowledge_version() -> None:
    from pgx.pipeline import versions

    assert versions()["knowledge"] == KB.version
    assert pgx is not None


def test_what_was_checked_against_a_public_source_says_so() -> None:
    interactions = KB.table("interactions")
    read = interactions.filter(pl.col("confidence") == "read")
    assert dict(read["evidence"].value_counts().iter_rows()) == {"fda_table": 176, "two_lists": 24, "label": 41}
    assert set(interactions.filter(pl.col("confidence") == "recall")["evidence"]) == {"unverified"}
    # A row against which a text speaks is corrected by it, also where that is milder; none stays as it was.
    assert interactions.filter(pl.col("notes").str.contains("checked_source_says")).is_empty()
    doses = KB.table("recommendations").filter(pl.col("source_version").str.contains("warfarin dose table"))
    assert doses.height == 18
    assert doses["source_version"].str.contains("checked: prescribing information").all()
