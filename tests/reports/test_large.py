"""A large report is made whole: 100 drugs, 30 genes. How fast is measured by `tests.benchmarks.bench_reports`."""

import polars as pl

from pgx import schema
from tests.listed import from_text
from tests.reports import example
from tests.reports.rendered import render_fhir, render_html, render_text, to_json


def large():
    """100 drugs with ten rows each, 30 genes."""
    base = example.build()
    rows = base.guidance.filter(pl.col("guideline").is_not_null()).to_dicts()[:10]
    names = ["clopidogrel", "codeine", *(f"drug{i}" for i in range(98))]
    guidance = [row | {"drug": name} for name in names for row in rows]
    calls = [row | {"gene": f"GENE{i}"} for i in range(3) for row in base.calls.to_dicts()]
    phenotypes = [row | {"gene": f"GENE{i}"} for i in range(3) for row in base.phenotypes.to_dicts()]
    frames = {
        "guidance": from_text(guidance, schema.GUIDANCE),
        "calls": from_text([row | {"gene": f"G{i}"} for i, row in enumerate(calls)], schema.CALLS),
        "phenotypes": from_text(phenotypes, schema.PHENOTYPES),
    }
    return type(base)(**{name: getattr(base, name) for name in base.__slots__} | frames)


def test_each_format_has_every_drug():
    result = large()
    assert result.guidance["drug"].n_unique() == 100
    assert result.calls["gene"].n_unique() == 30
    for render in (render_html, render_text, render_fhir, lambda found, _: to_json(found)):
        made = render(result, example.SAMPLE)
        made = made if isinstance(made, str) else str(made)
        assert all(f"drug{number}" in made for number in range(98)), render
