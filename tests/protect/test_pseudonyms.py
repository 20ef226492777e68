"""Pseudonyms: stable, reversible by the key alone, and nothing of the person left beside them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pgx
from pgx.errors import InputError, UsageError
from pgx.protect.pseudonyms import SHIFT, Pseudonyms, read_key, write_key

KEY = Pseudonyms(bytes(range(64)))
OTHER = Pseudonyms(bytes(range(1, 65)))
PERSON = "HG00652"


@given(st.text(min_size=1, max_size=40), st.text(min_size=1, max_size=40))
def test_a_name_has_one_pseudonym_and_the_key_gives_it_back(one: str, two: str) -> None:
    assert KEY.name_of(KEY.of(one)) == one
    assert (KEY.of(one) == KEY.of(two)) == (one == two)
    assert KEY.of(one) != OTHER.of(one)
    assert set(KEY.of(one)) <= set("abcdefghijklmnopqrstuvwxyz234567-")
    with pytest.raises(InputError, match="no pseudonym"):
        OTHER.name_of(KEY.of(one))


def test_dates_move_by_up_to_half_a_year_and_never_stay() -> None:
    days = [KEY.shift_of(f"s{number}").days for number in range(4000)]
    assert 0 not in days and min(days) == -SHIFT and max(days) == SHIFT
    assert len(set(days)) == 2 * SHIFT
    assert KEY.shift_of("s1") == KEY.shift_of("s1") != OTHER.shift_of("s1")


def test_a_key_is_its_owners_alone(tmp_path: Path) -> None:
    key = write_key(tmp_path / "key")
    assert key.stat().st_mode & 0o777 == 0o600 and read_key(key) != read_key(write_key(tmp_path / "second"))
    with pytest.raises(UsageError, match="exists"):
        write_key(key)
    key.chmod(0o640)
    with pytest.raises(InputError, match="others may read"):
        read_key(key)


@pytest.mark.parametrize("text", ["", "abc", "00" * 64, "ab" * 63, "zz" * 64])
def test_what_is_no_key_is_refused(tmp_path: Path, text: str) -> None:
    key = tmp_path / "key"
    key.write_text(text)
    key.chmod(0o600)
    with pytest.raises(InputError):
        read_key(key)


def test_a_key_that_is_none_is_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("abc")
    (tmp_path / "key").chmod(0o600)
    with pytest.raises(InputError, match="is no key"):
        pgx.report("no-such-genome.vcf", pseudonymize=tmp_path / "key", out=tmp_path / "out", formats="json")
    assert not (tmp_path / "out").exists()


def test_a_file_far_larger_than_a_key_is_not_read_to_its_end(tmp_path: Path) -> None:
    key = tmp_path / "key"
    with key.open("wb") as stream:
        stream.truncate(2**40)
    key.chmod(0o600)
    with pytest.raises(InputError, match="a key of more than 65,536 characters"):
        read_key(key)


def test_no_output_names_the_person(tmp_path: Path) -> None:
    history = tmp_path / f"{PERSON}.history.tsv"
    history.write_text(
        "sample\tdate\tbirth_date\tsex\tcreatinine_mg_dl\tmedications\tallergies\n"
        f"{PERSON}\t2024-03-01\t1964-01-31\tfemale\t1.1\tclopidogrel\tcodeine: as Quarkenstein saw\n"
        f"{PERSON}\t2024-05-01\t1964-01-31\tfemale\t1.3\tclopidogrel;xy{PERSON}ol;Quarkensteinol\t\n"
    )
    # Under one key in 182 the first date moves onto the second, and a correct output would seem to tell it.
    key = tmp_path / "key"
    key.write_text(KEY.key.hex())
    key.chmod(0o600)
    assert abs(read_key(key).shift_of(PERSON).days) != 61
    arguments = {"clinical": [history], "drugs": "clopidogrel"}
    vcf = "data/examples/HG00652.GRCh38.vcf.gz"
    plain = pgx.report(vcf, **arguments)
    hidden = pgx.report(vcf, **arguments, pseudonymize=key, out=tmp_path / "out", formats="json,tsv,fhir,parquet")
    written = list((tmp_path / "out").iterdir())
    assert len(written) > 10
    for path in written:
        assert PERSON not in path.name and PERSON.encode() not in path.read_bytes(), path.name
        told = path.read_text(encoding="latin-1").casefold()
        assert not any(text in told for text in ("quarken", "2024-03-01", "2024-05-01", "1964-01-31")), path.name
    names = read_key(key)
    assert hidden.samples == (names.of(PERSON),)
    same = ["gene", "diplotype", "phenotype", "probability"]
    assert hidden.calls.select(same).equals(plain.calls.select(same))
    assert hidden.guidance.drop("sample").equals(plain.guidance.drop("sample"))
    moved = (hidden.clinical["date"] - plain.clinical["date"]).drop_nulls().unique().to_list()
    assert moved == [names.shift_of(PERSON)]


@pytest.mark.parametrize("name", ["text", "html", "pdf", "card", "leaflet", "plan", "multiqc"])
def test_documents_that_people_act_on_keep_the_name(tmp_path: Path, name: str) -> None:
    key = write_key(tmp_path / "key")
    with pytest.raises(UsageError, match=f"people act on a {name}"):
        pgx.report("data/examples/HG00652.GRCh38.vcf.gz", pseudonymize=key, out=tmp_path / "out", formats=name)
    assert not (tmp_path / "out").exists()
