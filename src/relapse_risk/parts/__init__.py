"""The unit of work and where it is done: parts of whole counties, mapped by a loop, by processes or by a cluster."""

from relapse_risk.parts.backend_protocol import Backend
from relapse_risk.parts.backends import SERIAL, Processes, Serial, map_parts, opened
from relapse_risk.parts.part import Part, collected, county_parts, cut, read_part
from relapse_risk.parts.stored import Stored, stored_parts, write_part
from relapse_risk.parts.versions import check_versions, package_versions

__all__ = [
    "SERIAL",
    "Backend",
    "Part",
    "Processes",
    "Serial",
    "Stored",
    "check_versions",
    "collected",
    "county_parts",
    "cut",
    "map_parts",
    "opened",
    "package_versions",
    "read_part",
    "stored_parts",
    "write_part",
]
