"""How long a prescriber waits for a card: many patients, several clients at once, over loopback."""

from __future__ import annotations

import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl

from pgx.reports.formats.tables import TABLES
from tests.reports.rendered import write
from tests.reports.test_large import large

PATIENTS, CLIENTS, MORE_CLIENTS, REQUESTS, ROUNDS, BUDGET_MS = 60, 4, 8, 200, 3, 50.0


def stored(folder: Path) -> None:
    """Write results of 100 drugs and 30 genes each."""
    result = large()
    for i in range(PATIENTS):
        frames = {name: getattr(result, name).with_columns(sample=pl.lit(f"P{i}")) for name in TABLES}
        write(type(result)((f"P{i}",), **frames, provenance=result.provenance), folder, ["json"])


def wait(port: int, process: subprocess.Popen[Any]) -> None:
    """Return when the service answers."""
    for _ in range(1_200):  # a busy machine takes its time
        if process.poll() is not None:
            raise SystemExit(f"the service ended: {process.stderr.read() if process.stderr else ''}")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/health")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise SystemExit("the service did not start")


def prescribe(port: int, number: int, times: list[float], failures: list[bytes]) -> None:
    """Sign orders for one patient after the other."""
    concepts = [{"text": "codeine 30 MG Oral Tablet"}, {"text": "clopidogrel 75 mg"}]
    entries = [
        {"resource": {"resourceType": "MedicationRequest", "id": "1", "medicationCodeableConcept": c}} for c in concepts
    ]
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        for i in range(REQUESTS):
            context = {"patientId": f"P{(i * MORE_CLIENTS + number) % PATIENTS}", "draftOrders": {"entry": entries}}
            order = json.dumps({"hook": "order-sign", "context": context})
            start = time.perf_counter()
            connection.request("POST", "/cds-services/pgx-order-sign", order)
            answer = connection.getresponse()
            body = answer.read()
            times.append((time.perf_counter() - start) * 1000)
            if answer.status != 200 or len(json.loads(body)["cards"]) != len(concepts):
                failures.append(body)


def knock(port: int, _: int, times: list[float], failures: list[bytes]) -> None:
    """Ask whether the service is up: what an answer takes in which nothing is looked up."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        for _ in range(REQUESTS):
            start = time.perf_counter()
            connection.request("GET", "/health")
            answer = connection.getresponse()
            body = answer.read()
            times.append((time.perf_counter() - start) * 1000)
            if answer.status != 200:
                failures.append(body)


def together(
    client: Callable[[int, int, list[float], list[bytes]], None], port: int, count: int = CLIENTS
) -> tuple[list[float], int]:
    """Let so many clients ask at once; return the percentiles of their waiting times in ms, and the failures."""
    times: list[float] = []
    failures: list[bytes] = []
    clients = [threading.Thread(target=client, args=(port, n, times, failures)) for n in range(count)]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    return statistics.quantiles(times, n=100), len(failures)


def busy(process: subprocess.Popen[str]) -> float:
    """Return the seconds of the processor that a process has taken: what other programs do does not count."""
    told = Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def serve(folder: str) -> tuple[list[float], list[float], list[float], float, int]:
    """Start the service afresh; return what was measured.

    Returns
    -------
    tuple
        Percentiles of cards, of cards with more clients, and of empty answers; ms of the processor a request for
        cards; failures.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "pgx.cli.main", "serve", folder, "--open", "--port", str(port)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        wait(port, process)
        before = busy(process)
        cards, failed = together(prescribe, port)
        each = (busy(process) - before) * 1000 / (CLIENTS * REQUESTS)
        many, others = together(prescribe, port, MORE_CLIENTS)
        empty, more = together(knock, port)
    finally:
        process.terminate()
        process.communicate(timeout=20)
    return cards, many, empty, each, failed + others + more


def main() -> None:
    """Print percentiles of the best of three rounds, each with a fresh service; end with 1 if over the budget."""
    failures = 0
    best = [float("inf")] * 99
    base = crowd = best
    each = float("inf")
    with tempfile.TemporaryDirectory() as folder:
        stored(Path(folder))
        for _ in range(ROUNDS):
            cards, many, empty, taken, failed = serve(folder)
            failures += failed
            if cards[94] < best[94]:
                best, crowd, base, each = cards, many, empty, taken
            if best[94] <= BUDGET_MS:
                break
    print(
        f"pgx serve, {CLIENTS * REQUESTS} requests of 2 cards, {PATIENTS} patients, {CLIENTS} clients: "
        f"median {best[49]:.1f} ms, p95 {best[94]:.1f} ms, p99 {best[98]:.1f} ms (budget p95 {BUDGET_MS:.0f} ms); "
        f"p95 is {best[94] / base[94]:.1f} x that of an empty answer, {failures} failures; {MORE_CLIENTS} clients: "
        f"median {crowd[49]:.1f} ms, p95 {crowd[94]:.1f} ms; {each:.1f} ms of the processor a request; "
        f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"
    )
    sys.exit(bool(failures) or best[94] > BUDGET_MS)


if __name__ == "__main__":
    main()
