"""Apple Health ``export.xml``, streamed: one day's sums are all that is kept."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from xml.parsers import expat

from pgx.clinical.readers.daily_sums import Days
from pgx.clinical.readers.json_access import number
from pgx.clinical.readers.sniff import open_plain
from pgx.clinical.statements import BadDateError, Events, read_date

_SEX = {"HKBiologicalSexMale": "male", "HKBiologicalSexFemale": "female"}
_ASLEEP = "HKCategoryValueSleepAnalysisAsleep"
_EXACT = {"weight", "height", "bmi", "body_fat", "systolic_bp", "diastolic_bp", "vo2max", "body_temperature"}


def read_export(events: Events, path: Path) -> None:
    """Read an export; a file that is cut short or broken gives what came before, with a note."""
    reader = _Reader(events)
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.buffer_text = True
    events.person(None)
    try:
        with open_plain(path) as file:
            parser.ParseFile(file)
    except expat.ExpatError as error:
        what = expat.errors.messages.get(error.code, "broken")
        events.problem(
            None,
            "error",
            "broken_xml",
            f"the XML is broken here ({what}); what follows is not read",
            f"line {error.lineno}",
        )
    except (EOFError, OSError) as error:
        events.problem(None, "error", "broken_xml", f"the file ends early ({error})", None)
    reader.days.put(events, None)


@lru_cache(maxsize=4096)
def _day(text: str) -> date | None:
    try:
        return read_date(text[:10])
    except BadDateError:
        return None


def _time(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S %z")
    except ValueError:
        return None


class _Reader:
    def __init__(self, events: Events) -> None:
        self.events = events
        self.days = Days()
        self.bad = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take one element; everything of interest is in attributes."""
        if name == "Record":
            self.record(attributes)
        elif name == "Me":
            self.me(attributes)
        elif name == "ExportDate":
            self.events.seen(None, self.events.day(None, attributes.get("value", "")[:10], "ExportDate"))
        elif name in ("Workout", "Correlation", "ClinicalRecord", "ActivitySummary"):
            self.events.not_understood("element", "", "", name, None)

    def me(self, attributes: dict[str, str]) -> None:
        prefix = "HKCharacteristicTypeIdentifier"
        born = self.events.day(None, attributes.get(f"{prefix}DateOfBirth"), "Me")
        if born:
            self.events.observe(None, "birth_date", text=born.isoformat(), where="Me", written="DateOfBirth")
        sex = _SEX.get(attributes.get(f"{prefix}BiologicalSex", ""))
        if sex:
            self.events.observe(None, "sex", answer=sex, where="Me", written="BiologicalSex")

    def record(self, attributes: dict[str, str]) -> None:
        kind = attributes.get("type", "")
        pairs = self.events.vocabulary.code("HealthKit", kind)
        if not pairs:
            self.events.not_understood("record", "HealthKit", kind, "", None)
            return
        concept = pairs[0][0]
        day = _day(attributes.get("startDate", ""))
        unit = attributes.get("unit")
        value = number(attributes.get("value"))
        if concept == "sleep_hours":
            self.sleep(attributes)
            return
        if day is None or value is None:
            self.events.not_understood("record", "HealthKit", kind, "without a day or value", None)
            return
        if unit == "%":  # HealthKit writes 97 % as 0.97 %
            unit = "1"
        if concept in _EXACT:
            self.events.observe(None, concept, number=value, unit=unit, day=day, where=None, written=kind)
            self.events.seen(None, day)
        else:
            self.days.add(None, concept, day, value, unit, attributes.get("sourceName", ""))

    def sleep(self, attributes: dict[str, str]) -> None:
        value = attributes.get("value", "")
        if not value.startswith(_ASLEEP):
            self.events.not_understood("record", "", "", value[:60] or "sleep without a value", None)
            return
        start, end = _time(attributes.get("startDate", "")), _time(attributes.get("endDate", ""))
        if start is None or end is None or not 0 <= (end - start).total_seconds() <= 86400:
            self.events.not_understood("record", "", "", "sleep without a sensible period", None)
            return
        hours = (end - start).total_seconds() / 3600
        self.days.add(None, "sleep_hours", end.date(), hours, "h/d", attributes.get("sourceName", ""))
