"""Apple Health ``export.xml``, streamed: one day's sums are all that is kept."""

from __future__ import annotations

import re
import zlib
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import IO
from xml.parsers import expat

from pgx.clinical.dates import BadDateError, read_date
from pgx.clinical.readers.json_access import number
from pgx.clinical.readers.sniff import open_plain
from pgx.clinical.readers.wearables import Days
from pgx.clinical.statements import Events
from pgx.errors import InputError
from pgx.guard.limits import RECORD_LINE

_SEX = {"HKBiologicalSexMale": "male", "HKBiologicalSexFemale": "female"}
_ASLEEP = "HKCategoryValueSleepAnalysisAsleep"
_EXACT = {"weight", "height", "bmi", "body_fat", "systolic_bp", "diastolic_bp", "vo2max", "body_temperature"}


_CHUNK = 1 << 20
_DOCTYPE = re.compile(rb"<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>", re.DOTALL)
_NO_XML = bytes.maketrans(bytes([*range(9), 11, 12, *range(14, 32)]), b" " * 29)
_NO_CHARACTER = re.compile(rb"&#(?:0*(?:[0-8]|1[124-9]|2\d|3[01])|x0*(?:[0-8bcef]|1[0-9a-f]));", re.IGNORECASE)
_STRAY_END = expat.errors.codes[expat.errors.XML_ERROR_TAG_MISMATCH]


def read_export(events: Events, path: Path) -> None:
    """Read an export; a broken part of it is noted, and what follows is read.

    The document type is not looked at (that of iOS 16 is broken), nor are control characters, which XML does not allow.
    """
    reader = _Reader(events)
    events.person(None)
    try:
        with open_plain(path) as file:
            _parse(reader, file)
    except (EOFError, OSError, zlib.error) as error:
        events.problem(None, "error", "broken_xml", f"the file ends early ({error})", None)
    reader.finish()


def _parse(reader: _Reader, file: IO[bytes]) -> None:
    """Feed whole lines to the parser; behind a broken line, begin anew."""
    parser, fed = _parser(reader), 0
    lines, head, end = 1, True, b""
    while chunk := file.read(_CHUNK) + file.readline(RECORD_LINE.most):
        if len(chunk) > RECORD_LINE.most:
            raise RECORD_LINE.refused(reader.events.file, f"line {lines}")
        if head:
            chunk = _DOCTYPE.sub(lambda found: b"\n" * found[0].count(b"\n"), chunk, count=1)
        chunk = _NO_CHARACTER.sub(b" ", chunk.translate(_NO_XML))
        if head:
            _refuse_encoding(chunk, reader.events.file)
            head = False
        lines, end = lines + chunk.count(b"\n"), chunk.rstrip()[-len(_END) :] or end
        while chunk:
            try:
                parser.Parse(chunk, False)
                fed += len(chunk)
                break
            except expat.ExpatError as error:
                at = max(parser.ErrorByteIndex - fed, 0)
                if error.code != _STRAY_END:  # the end of an element whose beginning was broken is not worth a word
                    what = _SAID.get(error.code) or expat.errors.messages.get(error.code, "broken")
                    line = lines - chunk.count(b"\n", at)
                    message = f"the XML is broken here ({what}); the rest of this line is not read"
                    reader.events.problem(None, "error", "broken_xml", message, f"line {line}")
                chunk = chunk[at:].partition(b"\n")[2]
                parser, fed = _parser(reader), len(_ROOT)
                parser.Parse(_ROOT, False)
    try:
        parser.Parse(b"", True)
    except expat.ExpatError:
        if end != _END:  # else what is open was broken, and is named
            reader.events.problem(None, "error", "broken_xml", "the file ends early", f"line {lines}")


def _refuse_encoding(head: bytes, file: str) -> None:
    """Refuse an encoding that the parser does not know itself: it would ask Python's, which are not all of text."""
    declared = _ENCODING.match(head)
    if declared and declared[1].lower() not in _KNOWN:
        shown = declared[1][:40].decode("ascii", "replace")
        raise InputError(f"the encoding {shown!r} is not read", file=file, fix="save it as UTF-8")


_ENCODING = re.compile(rb"""<\?xml\s[^>]*?encoding\s*=\s*["']([^"'>]*)""")
_KNOWN = (b"utf-8", b"utf-16", b"iso-8859-1", b"us-ascii")
_ROOT, _END = b"<HealthData>", b"</HealthData>"
_SAID = {expat.errors.codes[expat.errors.XML_ERROR_UNDEFINED_ENTITY]: "an entity, and none is expanded"}


def _parser(reader: _Reader) -> expat.XMLParserType:
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EntityDeclHandler = reader.refuse_entity
    parser.buffer_text = True
    return parser


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
        self.known: dict[tuple[str, str], bool] = {}
        self.unconverted: dict[tuple[str, str, str | None], int] = {}

    def finish(self) -> None:
        """Hand on the days' sums, and say what was left out for its unit."""
        self.days.put(self.events, None)
        for (concept, kind, unit), count in self.unconverted.items():
            message = f"{concept} in {unit or 'no unit'} ({kind}, {count} records) cannot be converted: not used"
            self.events.problem(None, "error", "unit_unknown", message, kind, concept)

    def refuse_entity(self, *_: object) -> None:
        """Refuse a file whose entities the parser has seen: it would put their text into what is read."""
        raise InputError("entities are declared, and none is expanded", file=self.events.file, fix="export it anew")

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
        if self.events.vocabulary.concepts[concept].kind == "boolean":
            self.condition(concept, kind, day, _day(attributes.get("endDate", "")))
            return
        if day is None or value is None:
            self.events.not_understood("record", "HealthKit", kind, "without a day or value", None)
            return
        if unit == "%":  # HealthKit writes 97 % as 0.97 %
            unit = "1"
        if not self.converts(concept, unit):
            key = (concept, kind, unit)
            self.unconverted[key] = self.unconverted.get(key, 0) + 1
            return
        if concept in _EXACT:
            self.events.observe(None, concept, number=value, unit=unit, day=day, where=None, written=kind)
            self.events.seen(None, day)
        else:
            self.days.add(None, concept, day, value, unit, attributes.get("sourceName", ""))

    def condition(self, concept: str, kind: str, day: date | None, end: date | None) -> None:
        """Take a state that lasts (pregnancy); an end after the export is one that is expected, and tells no day."""
        if day is None:
            self.events.not_understood("record", "HealthKit", kind, "without a day", None)
            return
        made = self.events.dates.get(None)
        known = end if end is not None and made is not None and end <= made else None
        self.events.observe(None, concept, answer="yes", day=day, end=known, where=None, written=kind)
        self.events.seen(None, known or day)

    def converts(self, concept: str, unit: str | None) -> bool:
        """Whether a unit as written is one of the concept's."""
        key = (concept, unit or "")
        if key not in self.known:
            words = self.events.vocabulary
            ucum = words.unit(unit) if unit else None
            self.known[key] = ucum is not None and words.factor(concept, ucum) is not None
        return self.known[key]

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
