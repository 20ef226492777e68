"""The tables of a cohort as Spark reads them: one table a folder, with real lists."""

from __future__ import annotations

import shutil

import pytest

import pgx
import pgx.cohort.plan
from tests.cohort.cohorts import table, write_inputs

pytestmark = [pytest.mark.hpc, pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java")]


@pytest.fixture(scope="module")
def spark():
    sql = pytest.importorskip("pyspark.sql")
    session = (
        sql.SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1").config("spark.driver.host", "127.0.0.1").getOrCreate()
    )  # fmt: skip
    yield session
    session.stop()


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    folder = tmp_path_factory.mktemp("spark")
    write_inputs(folder)
    pgx.cohort.run(folder / "all.vcf", folder / "out", clinical=folder / "ward.csv", block_size=2, threads=1)
    return folder / "out"


@pytest.mark.parametrize("name", pgx.cohort.plan.USUAL)
def test_spark_and_polars_see_the_same_rows(spark, cohort, name):
    read = spark.read.parquet(str(cohort / name))
    expected = table(cohort, name)
    assert read.columns == expected.columns
    sample = read.columns.index("sample")
    assert sorted(row[sample] for row in read.collect()) == sorted(expected["sample"])


def test_a_list_of_a_cell_is_an_array(spark, cohort):
    flags = spark.read.parquet(str(cohort / "calls")).select("flags")
    assert flags.schema["flags"].dataType.typeName() == "array"
