"""The whole way from files to a `Result`, stage by stage; `pgx.reporting` and `pgx.commands` have the public calls.

Heavy imports happen inside the functions, so that ``pgx --help`` and ``pgx --version`` stay fast.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from pgx.inputs import Phenotyped, knowledge
from pgx.options import Options, PathLike
from pgx.paths import data_dir
from pgx.version import __version__

if TYPE_CHECKING:
    import polars as pl

    from pgx.notes import Note
    from pgx.reports import Lexicon
    from pgx.types import Result


def versions() -> dict[str, str]:
    """Return the versions of program, knowledge and models, without loading any of them."""
    found = {
        "pgx": __version__,
        "knowledge": (data_dir() / "knowledge" / "VERSION").read_text(encoding="utf-8").strip(),
    }
    models = data_dir() / "models" / "VERSION"
    found["models"] = models.read_text(encoding="utf-8").strip() if models.is_file() else "none"
    return found


def score_phenotyped(
    found: Phenotyped,
    endpoints: Sequence[str],
    *,
    models_dir: PathLike | None = None,
    whose: pl.DataFrame | None = None,
) -> tuple[pl.DataFrame, list[Note]]:
    """Score `endpoints`, each averaged over the diplotypes that the data allow; returns scores and notes.

    A gene that is not asserted is averaged too where an endpoint does not require it (`gene_averaged`).
    `whose` (``sample drug``) leaves each person the endpoints of these drugs; None = every endpoint for everybody.
    """
    import polars as pl

    from pgx import models
    from pgx.features import build, known, refused, scenarios
    from pgx.features.names import gene_column
    from pgx.phenotypes.substrates import acting_drugs

    groups = models.groups_of(found.kb, endpoints, models_dir)
    genes = {gene for _, read, _ in groups for gene in read}
    # A site's own model may read any feature; the shipped ones say which.
    # What a diplotype becomes with the person's drugs is found by its phenotype and its score, so both are needed.
    keys = [gene_column(gene, name) for gene in sorted(genes) for name in ("phenotype", "activity_score")]
    read_by = dict.fromkeys([*models.columns_of(found.kb, endpoints), *keys])
    wanted = None if models_dir else known([*read_by, refused.NAME, refused.GENES], found.kb)
    calls = found.calls.filter(pl.col("gene").is_in(sorted(genes)))
    base = build(calls, found.phenotypes, found.clinical, found.kb, columns=wanted)
    # A score must not depend on which other endpoints are asked: each group has the scenarios of its own genes.
    each = []
    for names, read, guessed in groups:
        own = base
        if whose is not None:
            asked = whose.filter(pl.col("drug").is_in(models.drugs_of(found.kb, names)))
            own = base.join(asked, on="sample", how="semi", maintain_order="left")
        theirs = calls.join(own, on="sample", how="semi", maintain_order="left")
        each.append((names, scenarios(own, theirs, found.kb, read, phenotypes=found.phenotypes, averaged=guessed)))
    scores, notes = models.score_each(each, found.kb, models_dir=models_dir, whose=whose, order=endpoints)
    columns = models.columns_by_endpoint(found.kb, endpoints, models_dir)
    scores = models.refuse_uncounted(scores, acting_drugs(found.clinical, found.kb), columns, found.kb)
    people = base.select("sample").with_row_index("_person")
    ranks = pl.DataFrame({"endpoint": list(dict.fromkeys(endpoints))}, schema={"endpoint": pl.String})
    frame = scores.join(people, on="sample", how="left").join(ranks.with_row_index("_rank"), on="endpoint", how="left")
    return frame.sort("_person", "_rank").drop("_person", "_rank"), notes


def conclude(
    found: Phenotyped,
    drugs: Sequence[str] | None,
    endpoints: Sequence[str] | None,
    options: Options,
    *,
    with_next_tests: bool = True,
) -> Result:
    """Draw the conclusions of a run: guidance and scores from phenotypes; parameters as for `pgx.report`.

    `next_tests` judges every drug once more a result that a person may have: a run that does not show them, such as
    the tables of a cohort, is several times faster without.
    """
    from pgx import clinical, guidance, judgement, models, schema, variants
    from pgx.assertion import of_asserted
    from pgx.judgement.next_tests import next_tests
    from pgx.judgement.planned import settled
    from pgx.judgement.without_drugs import without_drugs
    from pgx.models.exposure.of_persons import exposure_ratios
    from pgx.phenotypes.exposures import exposures, long_taken, undated
    from pgx.types import Result

    advice = schema.empty(schema.GUIDANCE)
    if drugs is None or len(drugs):
        advice = guidance.recommend(found.phenotypes, found.calls, found.clinical, found.kb, drugs=drugs)
    open_list = guidance.without_list(found.genotypes.samples, found.clinical) if drugs is None else ()
    advice = judgement.only_actionable(advice, open_list)
    told = settled(advice, found.phenotypes, found.calls, found.clinical, found.kb)
    advice = told.guidance
    whose = None
    if endpoints is None:
        whose = _asked(found, advice, drugs)
        endpoints = models.endpoints_of(found.kb, set(whose["drug"]))
    scores = schema.empty(schema.SCORES)
    remarks: list[Note] = []
    if endpoints:
        scores, remarks = score_phenotyped(found, endpoints, whose=whose)
    remarks = [*judgement.scope(found.genotypes.samples, open_list), *remarks]
    remarks = [*clinical.left_out.notes(found.clinical, advice, scores, found.kb), *remarks]
    remarks = [*clinical.left_out.undated_classes(found.clinical, advice, found.kb), *remarks]
    judged = judgement.judgements(
        advice,
        found.calls,
        scores,
        found.kb,
        exposures(found.clinical, found.kb),
        clinical.left_out.by_drug(found.clinical, found.kb),
        without_drugs(found.phenotypes, found.calls, found.clinical, found.kb),
        found.clinical.medications,
        told.later,
        long_taken(found.clinical),
        undated(found.clinical),
    )
    return Result(
        samples=found.genotypes.samples,
        calls=found.calls,
        phenotypes=of_asserted(found.phenotypes, found.calls),
        guidance=advice,
        scores=scores,
        clinical=found.clinical.observations,
        medications=found.clinical.medications,
        notes=notes_of(found, remarks, advice),
        provenance=provenance(found, options),
        holders=found.holders,
        suspects=variants.suspects(found.genotypes, found.kb),
        judgements=judged,
        next_tests=next_tests(judged, advice, found.callset, found.clinical, found.kb, found.groups)
        if with_next_tests
        else schema.empty(schema.NEXT_TESTS),
        exposure_ratios=exposure_ratios(judged, found.calls, found.phenotypes, found.clinical, found.kb),
    )


def _asked(found: Phenotyped, advice: pl.DataFrame, drugs: Sequence[str] | None) -> pl.DataFrame:
    """Return ``sample drug``: the drugs that each person is told about, by a guideline or an endpoint of the site's.

    A site's own endpoint may be of a drug that no guideline knows: it is for those who take it if no drugs are named,
    and for everybody whose drugs are all drugs.
    """
    import polars as pl

    from pgx import models
    from pgx.codes import FlagCode
    from pgx.knowledge.resolver import drugs_of

    endpoints = models.endpoints_of(found.kb, None, local=True)
    own = pl.DataFrame({"drug": models.drugs_of(found.kb, endpoints)}, schema={"drug": pl.String})
    people = pl.DataFrame({"sample": found.genotypes.samples}, schema={"sample": pl.String})
    if drugs is None:
        taken = found.clinical.medications.select("sample", "drug")
        without = people.join(taken, on="sample", how="anti").join(own, how="cross")
        own = pl.concat([taken.join(own, on="drug", how="semi"), without])
    else:
        named = [drug.strip() for drug in drugs if drug.strip()]
        if "all" not in {drug.lower() for drug in named}:
            own = own.filter(pl.col("drug").is_in(drugs_of(found.kb, named)))
        own = people.join(own, how="cross")
    # A score is of the whole body.
    on_skin = advice.filter(pl.col("flags").list.contains(FlagCode.LOCAL_FORM.value))
    told = pl.concat([advice.select("sample", "drug"), own]).unique(maintain_order=True)
    return told.join(on_skin, on=["sample", "drug"], how="anti", maintain_order="left")


def notes_of(found: Phenotyped, remarks: Sequence[Note] = (), advice: pl.DataFrame | None = None) -> pl.DataFrame:
    """Return all notes of a run (`pgx.schema.NOTES`): reading, calling, history, interactions, and `remarks`.

    Recorded allergies are compared with the medication list, and with the alternatives that `advice` names.
    """
    import polars as pl

    from pgx import clinical, phenotypes
    from pgx.assertion import of_asserted
    from pgx.notes import frame_of

    stated = of_asserted(found.phenotypes, found.calls)
    interactions = phenotypes.notes(stated, found.clinical, found.kb)
    own = frame_of([*found.notes, *remarks])
    basis = clinical.medication_basis(found.clinical, found.genotypes.samples)
    alerts = frame_of(clinical.alerts(found.clinical, advice, found.kb))
    return pl.concat([alerts, own, found.clinical.notes, basis, interactions])


def provenance(found: Phenotyped, options: Options) -> dict[str, object]:
    """Return versions, checksums and options: what repeating the run takes; nothing of the machine or the clock."""
    from pgx.knowledge.local_terms import KEY as LOCAL_TERMS
    from pgx.knowledge.local_terms import local_terms
    from pgx.types import CONFIGURED

    kb = found.kb
    chosen = {
        k: v
        for k, v in asdict(options).items()
        if v not in (None, False, ()) and k not in ("knowledge", "fasta", "configured")
    }
    if options.as_of:
        chosen["as_of"] = options.as_of.isoformat()
    if options.persons:  # how many, not who: the report of one person must not name the others
        chosen["persons"] = "joined as the user said"
    if options.copy_number:
        chosen["copy_number"] = {":".join(filter(None, key)): n for key, n in options.copy_number.items()}
    return {
        **versions(),
        "knowledge": kb.version,
        "knowledge_sha256": kb.checksum,
        "local_knowledge": [folder.name for folder in kb.folders[1:]],
        **({LOCAL_TERMS: local_terms(kb)} if len(kb.folders) > 1 else {}),
        "build": found.genotypes.build,
        "inputs": [dict(source) for source in found.inputs],
        "options": chosen,
        **({CONFIGURED: list(options.configured)} if options.configured else {}),
    }


def lexicon_of(options: Options | None = None) -> Lexicon:
    """Return the words for the results of runs with these options, as `pgx.reports` wants them."""
    from pgx.reports import Lexicon

    return Lexicon(knowledge((options or Options()).knowledge))
