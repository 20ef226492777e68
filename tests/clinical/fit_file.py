"""Write small Garmin FIT files: definition and data messages as the FIT protocol lays them out, no device needed."""

from __future__ import annotations

import struct
from datetime import UTC, datetime

_EPOCH = datetime(1989, 12, 31, tzinfo=UTC)
ENUM, UINT8, UINT16, UINT32 = (0x00, "B"), (0x02, "B"), (0x84, "H"), (0x86, "I")
# message: (its number in the profile, {field: (its number, base type, scale)})
MESSAGES = {
    "file_id": (0, {"type": (0, ENUM, 1), "manufacturer": (1, UINT16, 1), "time_created": (4, UINT32, 1)}),
    "user_profile": (3, {
        "message_index": (254, UINT16, 1), "gender": (1, ENUM, 1), "age": (2, UINT8, 1), "height": (3, UINT8, 100),
        "weight": (4, UINT16, 10),
    }),
    "session": (18, {"timestamp": (253, UINT32, 1), "total_timer_time": (8, UINT32, 1000), "sport": (5, ENUM, 1)}),
    "weight_scale": (30, {
        "timestamp": (253, UINT32, 1), "weight": (0, UINT16, 100), "percent_fat": (1, UINT16, 100),
        "user_profile_index": (12, UINT16, 1),
    }),
    "monitoring": (55, {"timestamp": (253, UINT32, 1), "cycles": (3, UINT32, 2), "activity_type": (5, ENUM, 1)}),
    "monitoring_info": (103, {"timestamp": (253, UINT32, 1), "local_timestamp": (0, UINT32, 1)}),
}  # fmt: skip
WALKING, RUNNING = 6, 1


def moment(text: str) -> int:
    """Return a time (UTC, ISO 8601) as FIT counts it: seconds since the end of 1989."""
    return int((datetime.fromisoformat(text).replace(tzinfo=UTC) - _EPOCH).total_seconds())


def fit_file(*messages: tuple[str, dict[str, float]]) -> bytes:
    """Return a whole file of (message name, {field: value in its own unit})."""
    body = b""
    for name, values in messages:
        number, fields = MESSAGES[name]
        chosen = [(fields[field], value) for field, value in values.items()]
        body += struct.pack("<BBBHB", 0x40, 0, 0, number, len(chosen))
        body += b"".join(struct.pack("BBB", at, struct.calcsize(kind[1]), kind[0]) for (at, kind, _), _ in chosen)
        body += b"\0" + b"".join(struct.pack("<" + kind[1], round(value * scale)) for (_, kind, scale), value in chosen)
    head = struct.pack("<BBHI4s", 14, 0x10, 2132, len(body), b".FIT")
    whole = head + struct.pack("<H", _checksum(head)) + body
    return whole + struct.pack("<H", _checksum(whole))


def _checksum(content: bytes) -> int:
    """CRC-16 with the reflected polynomial 0xA001, as the protocol asks for."""
    value = 0
    for byte in content:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
    return value
