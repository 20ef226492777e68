"""Files: private unless others are asked for, encrypted for a key, and nothing unpacked is left behind."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

import pgx
from pgx.cli.protection import _permissions
from pgx.errors import InputError, UsageError
from pgx.io import Writing, write_bytes, writing
from pgx.protect import crypt4gh_files
from pgx.protect.audit import file_digest
from pgx.tables import write_table

Command = Callable[..., subprocess.CompletedProcess[str]]
VCF = Path("data/examples/HG00652.GRCh38.vcf.gz").absolute()


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    """A key pair without a passphrase: private, public."""
    from crypt4gh.keys import c4gh

    private, public = tmp_path / "me.sec", tmp_path / "me.pub"
    c4gh.generate(str(private), str(public), b"", None)
    return private, public


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_what_is_written_is_its_owners_alone(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        path = write_bytes(tmp_path / "a", b"x")
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600


def test_other_permissions_are_taken_and_stricter_ones_stay(tmp_path: Path) -> None:
    with writing(Writing(mode=0o640)):
        open_file = write_bytes(tmp_path / "a", b"x")
        assert open_file.stat().st_mode & 0o777 == 0o640
        open_file.chmod(0o600)
        assert write_bytes(open_file, b"y").stat().st_mode & 0o777 == 0o600
    assert open_file.read_bytes() == b"y"


@pytest.mark.parametrize("text", ["640x", "0040", "7777", "0200", ""])
def test_permissions_that_are_none_are_wrong_usage(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match="not permissions"):
        _permissions(text)
    assert _permissions("0640") == _permissions("640") == 0o640


def test_encrypted_files_go_in_and_come_out(tmp_path: Path, keys: tuple[Path, Path], pgx_command: Command) -> None:
    private, public = keys
    sealed = tmp_path / "in" / f"{VCF.name}.c4gh"
    sealed.parent.mkdir()
    crypt4gh_files.encrypt(VCF, sealed, public)
    genes = ("--genes", "CYP2C9", "-q", "-o")
    assert pgx_command("call", VCF, *genes, "plain.tsv").returncode == 0
    done = pgx_command("call", sealed, *genes, "out.tsv", "--c4gh-key", private, "--encrypt-to", public)
    assert done.returncode == 0, done.stderr
    written = tmp_path / "out.tsv.c4gh"
    assert not (tmp_path / "out.tsv").exists()
    assert written.read_bytes().startswith(b"crypt4gh") and written.stat().st_mode & 0o777 == 0o600
    with crypt4gh_files.unpacked([written], private) as opened:
        assert opened[written].read_bytes() == (tmp_path / "plain.tsv").read_bytes()
        folder = opened[written].parents[1]
        assert folder.stat().st_mode & 0o777 == 0o700
    assert not folder.exists()
    assert not [path for path in tmp_path.rglob("*") if path.name.startswith(".pgx-")]


def test_encrypted_files_of_a_folder_are_read_beside_the_others(
    tmp_path: Path, keys: tuple[Path, Path], pgx_command: Command
) -> None:
    ward = tmp_path / "ward"
    ward.mkdir()
    (ward / "person.csv").write_text("person_id,gender_concept_id,year_of_birth\n1,8507,1960\n")
    plain = tmp_path / "drug_exposure.csv"
    plain.write_text("person_id,drug_concept_id,drug_exposure_start_date,drug_source_value\n1,0,2026-01-01,warfarin\n")
    crypt4gh_files.encrypt(plain, ward / "drug_exposure.csv.c4gh", keys[1])
    done = pgx_command("check", ward)
    assert done.returncode == 2 and "drug_exposure.csv.c4gh: is encrypted" in done.stderr
    done = pgx_command("check", ward, "--c4gh-key", keys[0])
    assert done.returncode == 0 and "warfarin" in done.stdout
    (ward / "drug_exposure.csv").write_text(plain.read_text())
    done = pgx_command("check", ward, "--c4gh-key", keys[0])
    assert done.returncode == 3 and "both encrypted and not" in done.stderr


def test_what_cannot_be_decrypted_is_said_once(tmp_path: Path, keys: tuple[Path, Path], pgx_command: Command) -> None:
    private, public = keys
    sealed = tmp_path / "a.vcf.gz.c4gh"
    crypt4gh_files.encrypt(VCF, sealed, public)
    sealed.write_bytes(sealed.read_bytes()[:-100])
    done = pgx_command("call", sealed, "--genes", "TPMT", "--c4gh-key", private)
    assert done.returncode == 3 and "cannot be decrypted" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_wrong_key_and_a_damaged_file_are_one_clear_line(tmp_path: Path, keys: tuple[Path, Path]) -> None:
    from crypt4gh.keys import c4gh

    private, public = keys
    other = tmp_path / "other.sec"
    c4gh.generate(str(other), str(tmp_path / "other.pub"), b"", None)
    sealed = tmp_path / "a.vcf.c4gh"
    crypt4gh_files.encrypt(VCF, sealed, public)
    with pytest.raises(UsageError, match="--c4gh-key"), crypt4gh_files.unpacked([sealed], None):
        pass
    with pytest.raises(InputError, match="cannot be decrypted"), crypt4gh_files.unpacked([sealed], other):
        pass
    content = bytearray(sealed.read_bytes())
    content[-5] ^= 1
    sealed.write_bytes(content)
    with pytest.raises(InputError, match="cannot be decrypted"), crypt4gh_files.unpacked([sealed], private):
        pass
    sealed.write_bytes(b"plain text")
    with pytest.raises(InputError, match="no Crypt4GH file"), crypt4gh_files.unpacked([sealed], private):
        pass


def test_what_a_killed_run_left_is_removed_by_the_next(
    tmp_path: Path, keys: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crypt4gh_files, "_IN_MEMORY", tmp_path)
    left = tmp_path / f"{crypt4gh_files._PREFIX}99999999-x"
    left.mkdir()
    (left / "secret").write_text("x")
    sealed = tmp_path / "a.vcf.c4gh"
    crypt4gh_files.encrypt(VCF, sealed, keys[1])
    with crypt4gh_files.unpacked([sealed], keys[0]):
        assert not left.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_what_is_unpacked_is_gone_when_the_run_is_told_to_end(
    tmp_path: Path, keys: tuple[Path, Path], number: signal.Signals
) -> None:
    sealed, log = tmp_path / "a.vcf.gz.c4gh", tmp_path / "log"
    crypt4gh_files.encrypt(VCF, sealed, keys[1])
    command = (sys.executable, "-m", "pgx", "call", sealed, "-", "--c4gh-key", keys[0], "--audit", log)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:  # it waits for more

        def unpacked() -> list[Path]:
            return [*crypt4gh_files._IN_MEMORY.glob(f"{crypt4gh_files._PREFIX}{process.pid}-*/0/*")]

        while not unpacked() and process.poll() is None:
            time.sleep(0.05)
        process.send_signal(number)
        assert process.wait() == 128 + number
    assert not unpacked()
    (record,) = log.iterdir()
    assert f'"exit_code": {128 + number}' in record.read_text()


def test_every_run_is_logged_with_how_it_ended(tmp_path: Path, pgx_command: Command) -> None:
    log = tmp_path / "log"
    done = pgx_command("call", VCF, "--genes", "CYP2C9", "-o", "a.tsv", "-q", "--audit", log)
    assert done.returncode == 0 and "head " in done.stderr
    assert pgx_command("call", tmp_path / "none.vcf", "-q", "--audit", log).returncode == 3
    texts = [path.read_text() for path in sorted(log.iterdir())]
    assert len(texts) == 2 and '"exit_code": 0' in texts[0] and '"exit_code": 3' in texts[1]
    assert not any(str(tmp_path) in text or "HG00652" in text for text in texts)
    assert pgx_command("audit", "verify", log).returncode == 0
    one = sorted(log.iterdir())[0]
    one.write_text(one.read_text().replace('"exit_code": 0', '"exit_code": 1'))
    found = pgx_command("audit", "verify", log)
    assert found.returncode == 3 and "line 1 was changed" in found.stdout


@pytest.mark.parametrize("command", ["report -o out --drugs warfarin", "call -o a.tsv", "cohort run -o out"])
def test_files_that_a_sheet_names_are_logged_too(tmp_path: Path, pgx_command: Command, command: str) -> None:
    record, sheet, log = VCF.with_name("HG00652.clinical.json"), tmp_path / "people.csv", tmp_path / "log"
    sheet.write_text(f"sample,vcf,clinical\nHG00652,{VCF},{record}\n")
    done = pgx_command(*command.split(), "--sheet", sheet, "--genes", "CYP2C9", "-q", "--audit", log)
    assert done.returncode == 0, done.stderr
    (run,) = log.iterdir()
    assert sorted(json.loads(run.read_text())["inputs"]) == sorted(map(file_digest, (sheet, VCF, record)))


@pytest.mark.parametrize("mode", [None, "0640"])
def test_every_file_of_a_cohort_has_the_permissions_that_are_asked_for(
    tmp_path: Path, pgx_command: Command, mode: str | None
) -> None:
    other = VCF.with_name("HG01593.GRCh38.vcf.gz")
    given = ("--threads", "1", "--drugs", "codeine", "--reports", "card", "-q", *(("--mode", mode) if mode else ()))
    before = os.umask(0o022)
    try:
        done = pgx_command("cohort", "run", VCF, other, "--block-size", "1", "-o", "out", *given)
    finally:
        os.umask(before)
    assert done.returncode == 0, done.stderr
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file() and not path.name.startswith("lock-")]
    assert {path.parent.name for path in files} >= {"out", "calls", "block-00001", "blocks"}
    assert {path.stat().st_mode & 0o777 for path in files} == {int(mode or "0600", 8)}


def test_what_is_cut_for_the_processes_of_a_cohort_is_its_owners_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, int] = {}

    def stop(plan: object, kb: object, groups: object, everyone: object, folder: Path, how: object) -> None:
        seen.update({path.name: path.stat().st_mode & 0o777 for path in folder.parent.iterdir() if path.is_dir()})

    monkeypatch.setattr("pgx.clinical.record_blocks.cut", stop)
    record = VCF.with_name("HG00652.clinical.json")
    pgx.cohort.run(VCF, tmp_path / "out", clinical=record, tables="calls", threads=1)
    assert seen == {"genotypes-1-of-1": 0o700, "records-1-of-1": 0o700}


def test_a_cohort_is_not_written_encrypted_and_says_so(
    tmp_path: Path, keys: tuple[Path, Path], pgx_command: Command
) -> None:
    done = pgx_command("cohort", "run", VCF, "-o", "out", "--encrypt-to", keys[1])
    assert done.returncode == 2 and "cannot be written encrypted" in done.stderr and not (tmp_path / "out").exists()


def test_pages_of_many_persons_are_encrypted_like_those_of_one(
    tmp_path: Path, keys: tuple[Path, Path], pgx_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pgx.cohort.person_pages.MANY", 1)
    done = pgx_command("report", VCF, "-o", "out", "--no-print", "--format", "card", "--encrypt-to", keys[1], "-q")
    assert done.returncode == 0, done.stderr
    assert [path.name for path in (tmp_path / "out").rglob("*")] == ["HG00652.card.html.c4gh"]


def test_a_full_disk_is_one_line_for_every_kind_of_table(tmp_path: Path) -> None:
    frame = pl.DataFrame({"sample": [str(number) for number in range(50_000)]})
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        for name in ("a.tsv", "a.parquet", "a.json"):
            with pytest.raises(InputError, match=f"{name}: cannot write"):
                write_table(frame, tmp_path / name)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert not list(tmp_path.iterdir())
