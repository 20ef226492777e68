"""Tables as spreadsheets, registries and people leave them: nothing is lost without a word."""

from __future__ import annotations

import polars as pl
import pytest

from pgx.clinical import read
from pgx.errors import InputError
from pgx.knowledge.drug_names import drug_names
from tests.clinical.reading import codes, drugs, values, wide


def test_empty_columns_at_the_end_are_left_out_and_full_ones_refused(kb, write):
    data = read([write("a.csv", "sample,age,,\nA,50,,\nB,51,,\n,,,\n")], kb)
    assert values(data, "A")["age"] == 50 and values(data, "B")["age"] == 51
    with pytest.raises(InputError, match="column 3 holds values and has no heading"):
        read([write("b.csv", "sample,age,\nA,50,x\n")], kb)


@pytest.mark.parametrize(
    "text", ["sep=;\nsample;weight_kg\nA;72,5\n", "sample\tweight_kg\nA\t72,5\n", "sample|weight_kg\nA|72.5\n"]
)
def test_separators(kb, write, text):
    assert values(read([write("a.csv", text)], kb), "A")["weight"] == 72.5


def test_letters_of_windows_are_read_and_said(kb, write):
    data = read([write("a.csv", "sample;creatinine (µmol/l)\nMüller;88,42\n".encode("cp1252"))], kb)
    assert values(data, "Müller")["creatinine"] == pytest.approx(1, abs=1e-3)
    assert codes(data, "warning") == ["not_utf8"]


def test_ids_that_a_spreadsheet_shortened_are_refused(kb, write):
    with pytest.raises(
        InputError, match=r"line 2, column sample: '1\.23E\+05' is what a spreadsheet leaves of a long number"
    ):
        read([write("a.csv", "sample,age\n1.23E+05,50\n1.23E+05,51\n")], kb)


def test_ids_of_a_column_with_gaps_are_whole_numbers(kb, write):
    data = read([write("a.csv", "sample,age\n123.0,50\n,60\n")], kb, samples=["123"])
    assert values(data, "123") == {"age": 50} and codes(data, "error") == ["bad_row"]


def test_several_rows_a_person_are_a_series_when_each_has_its_date(kb, write):
    rows = "sample,date,inr,medications,conditions\nA,2026-02-01,3,warfarin,\nA,2026-01-01,2,codeine,E11.9\nB,2026-01-01,2,,\n"
    data = read([write("a.csv", rows)], kb)
    assert data.observations.filter(sample="A", concept="inr")["value"].to_list() == [2, 3]
    assert wide(data, kb)["A"]["lab.inr"] == 3
    assert drugs(data) == {"warfarin": "current"}, "the newest row has the list"
    assert values(data, "A")["diabetes"] == "yes"
    assert any("medications of an older row" in message for message in data.notes["message"])


def test_an_empty_cell_of_a_newer_row_says_nothing_of_the_list(kb, write):
    rows = "sample,date,inr,medications\nA,2026-01-01,2,fluoxetine\nA,2026-02-01,2,paroxetine\nA,2026-03-01,3,\n"
    data = read([write("a.csv", rows)], kb)
    assert drugs(data) == {"paroxetine": "current"} and wide(data, kb)["A"]["lab.inr"] == 3
    data = read([write("a.csv", rows.replace("3,\n", "3,none\n"))], kb)
    assert drugs(data) == {} and values(data, "A")["medication_list"] == "given"


@pytest.mark.parametrize("second", ["A,2026-01-01,3", "A,,3"])
def test_rows_that_no_date_tells_apart_are_not_used(kb, write, second):
    data = read([write("a.csv", f"sample,date,inr\nA,2026-01-01,2\n{second}\nB,2026-01-01,2\n")], kb)
    assert set(data.observations["sample"]) == {"B"}
    assert codes(data, "error") == ["bad_row", "bad_row"]


def test_a_row_that_is_repeated_counts_once(kb, write):
    data = read([write("a.csv", "sample,age\nA,50\nA,50\nB,40\n")], kb)
    assert values(data, "A") == {"age": 50} and codes(data, "warning") == ["same_row"]


def test_a_row_or_value_of_an_unreadable_day_does_not_pass_for_a_present_one(kb, write):
    data = read([write("a.csv", "sample,date,inr\nA,31.12.2025,2\nB,2025-12-31,3\n")], kb)
    assert set(data.observations["sample"]) == {"B"}
    said = "of the row only what does not change with time is used"
    message = f"{said}: its date cannot be read; write YYYY-MM-DD"
    assert data.notes.filter(code="bad_row").select("sample", "message").rows() == [("A", message)]
    data = read([write("b.csv", "sample,age,inr,inr_date\nA,50,2,44562\nB,60,3,2025-12-31\n")], kb)
    assert "inr" not in values(data, "A") and values(data, "A")["age"] == 50 and values(data, "B")["inr"] == 3


def test_an_empty_unit_beside_others_is_not_the_usual_one(kb, write):
    data = read([write("a.csv", "sample,creatinine,creatinine_unit\nA,88,umol/L\nC,88,\n")], kb)
    assert "creatinine" not in values(data, "C") and codes(data, "error") == ["unit_missing"]


@pytest.mark.parametrize(
    ("text", "found", "unknown"),
    [
        ("dextromethorphan 20 MG / quinidine 10 MG Oral Capsule", ("dextromethorphan / quinidine",), ()),
        ("Sulfamethoxazole 800 MG / Trimethoprim 160 MG", ("sulfamethoxazole / trimethoprim",), ()),
        ("Fluticasone/salmeterol 250/50 mcg", ("fluticasone/salmeterol",), ()),
        ("warfarin 5 mg / clopidogrel 75 mg", ("warfarin", "clopidogrel"), ()),
        ("warfarin 5 mg clopidogrel 75 mg", ("warfarin", "clopidogrel"), ()),
        ("warfarin 5 mg daily, Plavix 75mg", ("warfarin", "clopidogrel"), ()),
        ("codeine 30 mg + paracetamol 500 mg", ("acetaminophen / codeine",), ()),
        ("Naproxen 25 MG/ML Oral Suspension", ("naproxen",), ()),
        ("metoprolol succinate 50 mg, extended release", ("metoprolol",), ()),
        ("Metoprolol succ ER 47.5 mg", ("metoprolol",), ()),
        ("metoprolol tart 25 mg tab", ("metoprolol",), ()),
        ("lithium carbonate 300 MG Oral Capsule", ("lithium",), ()),
        ("Efexor XL 75 mg", ("venlafaxine",), ()),
        ("Apo-Paroxetine 20", ("paroxetine",), ()),
        ("Paroxetin Dauermedikation", ("paroxetine",), ()),
        ("chlorhydrate de tramadol", ("tramadol",), ()),
        ("Levonorgestrel und Ethinylestradiol", ("levonorgestrel", "ethinyl estradiol"), ()),
        ("24 HR Metoprolol succinate 100 MG Extended Release Oral Tablet", ("metoprolol",), ()),
        ("Hydrocodone Bitartrate 5 MG / Acetaminophen 325 MG", ("acetaminophen / hydrocodone",), ()),
        ("ace inhibitors, plain", ("ace inhibitors, plain",), ()),
        ("quixotin 5 mg", (), ("quixotin 5 mg",)),
    ],
)
def test_every_drug_of_a_description_is_found_or_named(kb, text, found, unknown):
    answer = drug_names(kb).find(text)
    assert (answer.drugs, tuple(part.strip() for part in answer.unknown)) == (found, unknown)


@pytest.mark.parametrize(
    "cell",
    ["warfarin 5 mg daily, Plavix 75 mg, at night", "warfarin|Plavix", '"warfarin\nPlavix"', "Plavix and warfarin"],
)
def test_every_drug_of_a_cell_is_read(kb, write, cell):
    text = cell if cell.startswith('"') else f'"{cell}"'
    data = read([write("a.csv", f"sample,medications\nA,{text}\n")], kb)
    assert drugs(data) == {"warfarin": "current", "clopidogrel": "current"} and codes(data, "warning") == []


@pytest.mark.parametrize(
    ("combination", "acts"),
    [
        ("dextromethorphan / quinidine", "quinidine"),
        ("fluoxetine / olanzapine", "fluoxetine"),
        ("isoniazid / pyrazinamide / rifampin", "rifampin"),
    ],
)
def test_what_a_combination_is_made_of_is_taken_too(kb, write, combination, acts):
    data = read([write("a.csv", f"sample,medications\nA,{combination}\n")], kb)
    assert {combination, acts} <= set(drugs(data))
    row = wide(data, kb)["A"]
    assert any(value == "strong" for name, value in row.items() if name.startswith("medication.in"))


def test_every_combination_acts_on_the_enzymes_of_its_parts_in_one_way_or_the_other(kb):
    names = drug_names(kb)
    acting = set(kb.table("interactions")["drug"].str.to_lowercase())
    for drug in kb.table("drugs").filter(pl.col("drug").str.contains("/", literal=True))["drug"]:
        parts = {names.names.get(part.strip(), "") for part in drug.lower().split("/")}
        assert drug.lower() in acting or {p for p in parts if p in acting} <= set(names.substances((drug,)))


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("sample;âge;poids_kg;sexe;enceinte;fumeur\nA;50;72,5;femme;non;oui\n",
         {"age": 50, "weight": 72.5, "sex": "female", "pregnancy": "no", "smoking_status": "current"}),
        ("paciente;edad;peso_kg;talla_cm;sexo;fumadora\nA;50;72,5;170;mujer;no fumadora\n",
         {"age": 50, "weight": 72.5, "height": 170, "sex": "female", "smoking_status": "not_current"}),
        ("sample;Alter;Geschlecht;schwanger;Raucher\nA;30;w;ja;nein\n",
         {"age": 30, "sex": "female", "pregnancy": "yes", "smoking_status": "not_current"}),
        ("patient;date;analyse;résultat;unité\nA;2026-01-01;Potassium;4,1;mmol/L\n", {"potassium": 4.1}),
        ("paciente;fecha;prueba;resultado;unidad\nA;2026-01-01;Creatinina;1,1;mg/dL\n", {"creatinine": 1.1}),
    ],
)  # fmt: skip
def test_headings_and_answers_of_french_spanish_and_german_hospitals(kb, write, table, told):
    data = read([write("a.csv", table)], kb)
    assert {name: values(data)[name] for name in told} == told


@pytest.mark.parametrize("nothing", ["keine", "aucun", "Ninguno", "nessuno", "geen"])
def test_a_list_that_holds_nothing_in_other_languages(kb, write, nothing):
    data = read([write("a.csv", f"sample,medications,conditions,allergies\nA,{nothing},{nothing},{nothing}\n")], kb)
    assert values(data) == {"medication_list": "given"} and not codes(data, "warning")


@pytest.mark.parametrize("heading", ["patient;médicament;posologie;début;fin", "paciente;medicamento;dosis;inicio;fin"])
def test_a_table_of_drugs_in_french_and_spanish(kb, write, heading):
    data = read([write("a.csv", f"{heading}\nA;clopidogrel;75 mg;2026-01-01;\nA;codeine;;2025-01-01;2025-02-01\n")], kb)
    assert drugs(data) == {"clopidogrel": "current", "codeine": "stopped"}


class TestStatusOfAResult:
    ROWS = "sample,item,value,unit,date,{}\nA,creatinine,1.2,mg/dL,2026-03-01,final\nA,creatinine,9.9,mg/dL,2026-03-02,{}\n"

    @pytest.mark.parametrize("word", ["cancelled", "entered-in-error", "X", "W", "Deleted", "storniert"])
    @pytest.mark.parametrize("heading", ["status", "result_status"])
    def test_a_result_that_was_taken_back_does_not_count(self, kb, write, heading, word):
        data = read([write("a.csv", self.ROWS.format(heading, word))], kb)
        assert values(data, "A")["creatinine"] == pytest.approx(1.2) and not codes(data, "error")

    @pytest.mark.parametrize("word", ["final", "C", "Preliminary", "H", "validiert"])
    def test_one_that_stands_counts(self, kb, write, word):
        data = read([write("a.csv", self.ROWS.format("status", word))], kb)
        assert values(data, "A")["creatinine"] == pytest.approx(9.9)

    def test_one_of_which_nobody_can_tell_is_said_and_no_older_one_stands_in(self, kb, write):
        data = read([write("a.csv", self.ROWS.format("status", "see comment"))], kb)
        assert "lab.creatinine" not in wide(data, kb)["A"]
        assert any("'see comment' is not understood" in message for message in data.notes["message"])


def test_the_status_of_an_entry_of_a_list_is_read_beside_its_name(kb, write):
    rows = [("medications", "warfarin", "stopped"), ("medications", "omeprazole", "on hold"),
            ("medications", "codeine", "completed"), ("medications", "tramadol", "final"),
            ("medications", "clopidogrel", "active"), ("medications", "simvastatin", "frobnicated"),
            ("conditions", "epilepsy", "resolved"), ("conditions", "asthma", "active"),
            ("conditions", "heart failure", "entered in error?"), ("allergies", "codeine", "refuted")]  # fmt: skip
    table = "\n".join(["sample,item,value,date,status", *(f"A,{a},{b},2026-01-01,{c}" for a, b, c in rows)])
    data = read([write("a.csv", table + "\n")], kb)
    assert drugs(data) == {
        "warfarin": "stopped", "omeprazole": "stopped", "codeine": "stopped", "tramadol": "current",
        "clopidogrel": "current", "simvastatin": "current",
    }  # fmt: skip
    assert any("'frobnicated' beside the name is not understood" in message for message in data.notes["message"])
    told = values(data, "A")
    assert told["asthma"] == "yes" and not {"epilepsy", "heart_failure", "allergy"} & {*told}


def test_m_of_sexo_is_masculino_or_mujer(kb, write):
    data = read([write("a.csv", "paciente;sexo;edad\nA;H;50\nB;M;51\nC;Mujer;51\nD;Varón;51\nE;F;50\n")], kb)
    sexes = {one: values(data, one).get("sex") for one in "ABCDE"}
    assert sexes == {"A": "male", "B": None, "C": "female", "D": "male", "E": "female"}
    (said,) = data.notes.filter(pl.col("severity") == "error").select("sample", "subject").iter_rows()
    assert said == ("B", "sex")
    assert values(read([write("b.csv", "sample,sex\nA,M\n")], kb), "A")["sex"] == "male"


@pytest.mark.parametrize("unit", ["G/l", "G/L", "Gpt/l", "Tsd/µl", "10^9/l", "Giga/l"])
def test_cells_are_counted_in_giga_and_not_weighed(kb, write, unit):
    table = f"patient;item;value;unit\nA;Thrombozyten;250;{unit}\nA;Leukozyten;4,2;{unit}\nA;Neutrophile;2,1;{unit}\n"
    data = read([write("a.csv", table)], kb)
    assert {name: values(data)[name] for name in ("platelets", "leukocytes", "neutrophils")} == {
        "platelets": 250, "leukocytes": 4.2, "neutrophils": 2.1,
    }  # fmt: skip


@pytest.mark.parametrize("unit", ["µM", "uM", "μM", "µmol/l"])
def test_molar_units_of_one_letter(kb, write, unit):
    data = read([write("a.json", {"sample": "s", "age": 50, "creatinine": {"value": 88.4, "unit": unit}})], kb)
    assert values(data)["creatinine"] == pytest.approx(1.0, rel=0.001)


def test_a_long_table_names_a_medicine_by_the_word_of_one(kb, write):
    data = read([write("a.csv", "patient;item;value\nA;Medikament;Metoprolol\nA;Medikament;Efexor\n")], kb)
    assert drugs(data) == {"metoprolol": "current", "venlafaxine": "current"}
