"""``pgx simulate``: an option that would not be looked at is refused, and the number of persons is the one asked for."""

import pytest


@pytest.mark.parametrize("count", ["-n", "--samples"])
def test_as_many_persons_as_asked(pgx_command, tmp_path, count):
    done = pgx_command("simulate", "--vcf", "people.vcf", count, "5", "-q")
    assert done.returncode == 0, done.stderr
    heading = next(line for line in (tmp_path / "people.vcf").read_text().splitlines() if line.startswith("#CHROM"))
    assert len(heading.split("\t")[9:]) == 5


@pytest.mark.parametrize(
    ("given", "option"),
    [
        (["--vcf", "p.vcf", "--truth"], "--truth"),
        (["--vcf", "p.vcf", "--effect", "2"], "--effect"),
        (["--vcf", "p.vcf", "-o", "t.tsv"], "--out"),
        (["warfarin.dose", "--unphased"], "--unphased"),
        (["warfarin.dose", "--depth", "8"], "--depth"),
    ],
)
def test_what_would_not_be_looked_at_is_refused(pgx_command, tmp_path, given, option):
    done = pgx_command("simulate", *given)
    assert done.returncode == 2
    assert f"{option} does not go with" in done.stderr
    assert list(tmp_path.iterdir()) == []
