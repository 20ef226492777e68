"""A large table that is cut in parts, each read alone, gives each block what reading it whole gives."""

from __future__ import annotations

import gzip
from dataclasses import fields
from random import Random

import pytest

from pgx.clinical import record_blocks
from pgx.clinical.parts import table_parts
from pgx.clinical.read import new_events
from pgx.clinical.records import key_of
from pgx.knowledge.recent import Recent
from tests.sizes import size

PEOPLE = [f"S{number}" for number in range(24)]
BLOCKS = [PEOPLE[:7], (), PEOPLE[7:9], PEOPLE[9:20], ["without records"]]
EVERYONE = [*PEOPLE, "without records", "with a record, lost"]
HOW = (None, None)
NAMES = [*PEOPLE, *PEOPLE, *PEOPLE, "", " S3 ", "stranger", "WITH A RECORD LOST", "S03"]
DAYS = ["2024-01-05", "2023-11-30", "2023-11-30", "", "someday", "2024-01-05"]
DRUGS = ["warfarin;codeine", "none", "", "xyzumab", "warfarin (stopped)", "CYP2D6 poor metabolizer", "none;codeine"]
WIDE = {
    "sample": NAMES,
    "date": DAYS,
    "sex": (["1", "2", "1", "2", "9", "male", ""]),
    "smoker": (["0", "1", "yes", ""]),
    "weight_kg": (["70", "70,5", "700", "heavy", ""]),
    "weight_lb": (["154", "", "300"]),
    "birth_date": (["1960", "1960-02-01", "31.31.1960", ""]),
    "eyes": (["red", ""]),
    "CYP2C19": (["*1/*2", ""]),
    "medications": (DRUGS),
    "allergies": (["penicillin", "none", "xyz", ""]),
    "conditions": (["gout", "asthma; E66.9", "unheard of", ""]),
}
TALL = {
    "person_id": NAMES,
    "item": (["weight", "LOINC:2160-0", "medications", "HLA-B", "unheard of", ""]),
    "value": (["70", "1", "warfarin; xyzumab", "", "heavy"]),
    "unit": (["kg", "mg/dL", ""]),
    "date": DAYS,
}


def table_of(random):
    """A table as text: some of its columns, rows of another width, nobody's rows, cells of several lines."""
    columns = random.choice([WIDE, WIDE, TALL])
    whose, *others = columns
    if columns is WIDE:
        others = random.sample(others, random.randint(1, len(others)))
    mark, end = random.choice(",,;\t"), random.choice(["\n", "\r\n"])
    lines = [mark.join([whose, *others])]
    plain = random.random() < 0.5  # one row a person
    names = random.sample(PEOPLE, len(PEOPLE)) if plain else random.choices(columns[whose], k=random.randint(1, 40))
    for name in names:
        cells = [name, *(random.choice(columns[heading]) for heading in others)]
        if not plain and random.random() < 0.03:
            cells.append("too much")
        quoted = random.random() < 0.1
        lines.append(mark.join(f'"{cell}"' if quoted or mark in cell else cell for cell in cells))
        if quoted and not plain:
            lines.append("")
    return end.join(lines) + random.choice(["", end])


def cut(path, kb, folder, *, parts, blocks=BLOCKS):
    """What each block has of the file: None where it was not cut."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(record_blocks, "MANY", 2)
        patch.setattr("pgx.clinical.records.MANY", 2)
        patch.setattr(record_blocks, "_LARGE", 0 if parts else 1 << 40)
        patch.setattr(record_blocks, "_PART", 200)
        if parts:
            patch.setattr(record_blocks, "_whole", lambda *_: None)
        record_blocks.cut([str(path)], kb, blocks, EVERYONE, folder, HOW)
    assert not list(folder.glob("*.rows"))
    told = []
    for number, block in enumerate(blocks):
        recent = Recent()
        if block:
            record_blocks.put_back(folder, number, kb, recent, HOW)
        told.append(recent.find(key_of(str(path), HOW)))
    return told


def same(one, other):
    if one is None or other is None:
        return one is other
    assert one.statements.equals(other.statements), (one.statements, other.statements)
    assert one.medications.equals(other.medications)
    skipped = ("vocabulary", "drugs", "allergens", "forms", "part", "genes")
    for name in (field.name for field in fields(one.events) if field.name not in skipped):
        a, b = getattr(one.events, name), getattr(other.events, name)
        assert a == b, name
        assert not isinstance(a, dict) or list(a) == list(b), name
    return True


def falls_back(path, kb, tmp_path):
    """Whether the parts say that the table must be read whole."""
    whose = record_blocks._Whose(EVERYONE, set(EVERYONE), BLOCKS)
    try:
        record_blocks._read_parts(str(path), 3, kb, whose, tmp_path / "cut", tmp_path / "rows", HOW)
    except Exception:
        return True
    return False


@pytest.mark.parametrize("seed", range(size(60, 5000)))
def test_parts_of_any_table_say_what_the_whole_says(seed, kb, tmp_path):
    path = tmp_path / "ward.csv"
    path.write_bytes(table_of(Random(seed)).encode())
    whole, parts = (cut(path, kb, tmp_path / str(at), parts=at) for at in (False, True))
    if any(one is not None for one in parts) or not any(one is not None for one in whole):
        assert all(same(*both) for both in zip(parts, whole, strict=True))
    else:
        assert falls_back(path, kb, tmp_path)


def rows(number, sex="12"):
    return f"S{number},{sex[number % len(sex)]},{30 + number},warfarin;xyzumab{number % 3}\n"


def table(write, lines, name="ward.csv"):
    return write(name, "sample,sex,age,medications\n" + "".join(lines))


@pytest.mark.parametrize(
    "lines",
    [
        [rows(number) for number in range(24)],
        [*map(rows, range(24)), *map(rows, range(5))],
        [*map(rows, range(24)), "S3,1,99,none\n", ",1,50,none\n", "stranger,2,50,\n", "S5,1\n"],
        [rows(number, "1" * 23 + "2") for number in range(24)],
        [*map(rows, range(24)), "S1,1,40,CYP2D6 poor metabolizer\n"],
    ],
    ids=["plain", "same rows", "rows of nobody", "one sex in most parts", "a gene in one part"],
)
def test_a_usual_table_is_read_in_parts(lines, kb, write, tmp_path):
    path = table(write, lines)
    whole, parts = (cut(path, kb, tmp_path / str(at), parts=at) for at in (False, True))
    assert parts[0] is not None
    assert all(same(*both) for both in zip(parts, whole, strict=True))


def test_a_packed_table_is_read_in_parts(kb, write, tmp_path):
    plain = table(write, map(rows, range(24)))
    path = tmp_path / "ward.csv.gz"
    path.write_bytes(gzip.compress(plain.read_bytes()))
    whole, parts = (cut(path, kb, tmp_path / str(at), parts=at) for at in (False, True))
    assert parts[0] is not None
    assert all(same(*both) for both in zip(parts, whole, strict=True))


def test_the_parts_of_a_shard_are_those_of_all(kb, write, tmp_path):
    path = table(write, map(rows, range(24)))
    blocks = [(), (), BLOCKS[2], (), ()]
    whole, parts = (cut(path, kb, tmp_path / str(at), parts=at, blocks=blocks) for at in (False, True))
    assert parts[2] is not None
    assert same(parts[2], whole[2])


@pytest.mark.parametrize(
    "text",
    [
        "sep=;\nsample;age\nS1;40\nS2;41\n",
        "sample,age\nS1.0,40\n1.0,41\n",
        "sample,age\n1E+10,40\nS2,41\n",
        "sample,age,age\nS1,40,40\nS2,41,41\n",
        "sample,age,\nS1,40,\nS2,41,\n",
        "age,sex\n40,male\n41,female\n",
        'sample,age\nS1,"40\nS2,41\n',
        "sample,sex\nS1,1\nS2,2\nS3,male\nS3,\n",
    ],
)
def test_what_only_the_whole_can_judge_is_left_to_it(text, kb, write, tmp_path):
    assert falls_back(write("ward.csv", text), kb, tmp_path)


def test_a_table_larger_than_any_that_is_read_is_left_to_the_refusal(kb, write, tmp_path, monkeypatch):
    monkeypatch.setattr(table_parts, "RECORD", type(table_parts.RECORD)("a table", 40, "bytes", ""))
    with pytest.raises(table_parts.WholeError):
        path = table(write, map(rows, range(24)))
        table_parts.spread(path, new_events("a", kb, as_of=None, date_format=None), tmp_path / "rows", 2, len)
