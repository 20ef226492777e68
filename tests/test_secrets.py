"""Users and passwords of database addresses are in no error and no provenance, however they are written."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

import pgx
from pgx.errors import InputError, PgxError, UsageError, shown_place, without_secrets

GENOME = "data/examples/HG00652.GRCh38.vcf.gz"
ADDRESSES = [
    "postgresql://ada:SECRET@127.0.0.1:1/db",
    "POSTGRES://ada:SECRET@127.0.0.1:1/db",
    "postgresql://127.0.0.1:1/db?user=ada&password=SECRET",
    "postgresql://ada:SE@CRET@127.0.0.1:1/db",
    "postgresql://ada:SE/CRET@127.0.0.1:1/db",
    "postgresql://ada:SECRET@[::1/db",
    "postgresql+psycopg://ada:SECRET@127.0.0.1:1/db",
    "jdbc:postgresql://h/db?user=ada&password=SECRET",
    "mysql://ada:SECRET@h/db",
    "host=h password=SECRET dbname=x",
    "host=h password = 'SE CRET' dbname=x",
    " postgresql://ada:SECRET@127.0.0.1:1/db",
    "postgresql://ada:SE CRET@127.0.0.1:1/db",
    'postgresql://ada:"SECRET"@127.0.0.1:1/db',
    "postgresql://ada:SE%00CRET@127.0.0.1:1/db",
    "postgresql://ada:SE?CRET@127.0.0.1:1/db",
    "postgresql://127.0.0.1:1/db?pass%77ord=SECRET",
    "postgresql:\\\\ada:SECRET@h/db",
    "Server=h;Uid=ada;Pwd={SE;CRET};",
    "host=h password=SE'CRET dbname=x",
    "PGPASSWORD=SECRET",
    "ada:SECRET@h/db",
    "ada:SE/CRET@h/db",
    "postgresql:ada:SECRET@h/db",
    "ada:SE CRET@h/db",
    "ada:SE\"C'RET@h",
    " ada: SECRET @h:5432/db",
    "postgresql:ada:SE@CRET@[::1]/db",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_that_cannot_be_read_keeps_its_secret(address: str) -> None:
    with pytest.raises(PgxError) as refused:
        pgx.check(address)
    assert "SE" not in str(refused.value) and "CRET" not in str(refused.value)
    with pytest.raises(PgxError) as refused:
        pgx.call(GENOME, clinical=[address], options=pgx.Options(genes="CYP2C19"))
    assert "SE" not in str(refused.value) and "CRET" not in str(refused.value)


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_at_a_door_for_files_keeps_its_secret(address: str) -> None:
    for call in (pgx.call, pgx.kb.info, lambda given: pgx.report(sheet=given), lambda given: pgx.compare(given, given)):
        with pytest.raises(PgxError) as refused:
            call(address)
        assert "SE" not in str(refused.value) and "CRET" not in str(refused.value)


@pytest.mark.parametrize("address", [one for one in ADDRESSES if ";" not in one and '"' not in one])
@pytest.mark.parametrize("column", ["vcf", "clinical", "outside_calls"])
def test_an_address_in_a_samplesheet_keeps_its_secret(tmp_path: Path, address: str, column: str) -> None:
    genome = Path(GENOME).absolute()
    cells = {"sample": "HG00652", "vcf": genome} | {column: address}
    (tmp_path / "a.csv").write_text(f"{','.join(cells)}\n{','.join(map(str, cells.values()))}\n")
    with pytest.raises(PgxError) as refused:
        pgx.report(sheet=tmp_path / "a.csv")
    assert "SE" not in str(refused.value) and "CRET" not in str(refused.value)


@pytest.mark.parametrize(
    "text", ["a" * 300_000, "a://" * 75_000, "a:" * 150_000, "a:@" * 100_000, "pwd=" * 75_000, "password " * 30_000]
)
def test_a_message_of_any_length_is_read_in_linear_time(text: str) -> None:
    before = time.process_time()
    without_secrets(text)
    assert time.process_time() - before < 5


@pytest.mark.parametrize("error", [InputError, UsageError, PgxError])
def test_no_error_of_the_product_holds_one(error: type[PgxError]) -> None:
    assert "SECRET" not in str(error("cannot read postgresql://ada:SECRET@h/db and password=SECRET"))


@pytest.mark.parametrize("host", ["h/db", "h:5432", "db.example.org", "localhost", "[::1]", "10.0.0.1", "h\\\\db"])
def test_a_login_at_a_host_keeps_its_secret_in_any_sentence(host: str) -> None:
    told = without_secrets(f"cannot reach 'ada:SECRET@{host}'")
    assert told == f"cannot reach 'ada:***@{host}'"


def test_what_is_no_secret_stays() -> None:
    assert shown_place("postgresql://ada:x@host:5432/db?password=x") == "postgresql://host:5432/db"
    for text in (
        "https://example.org/a:b/c",
        "sample a@b",
        "a.vcf: a@b",
        "chr1:12 a@b",
        "HLA-B*57:01 positive",
        "sample x:y@z: no genotypes",
        "a.vcf: 'x:y@z' and 'x:y@z:w' are not in it",
        "--samples: x:y@z,u:v@w",
        "file:///tmp/a.vcf: line 3",
    ):
        assert without_secrets(text) == text
