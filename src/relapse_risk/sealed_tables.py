"""Tables on disk that carry a digest of their columns: what no checksum of a page covers."""

from __future__ import annotations

import pyarrow as pa

from relapse_risk.files import digest

__all__ = ["sealed", "unsealed"]

_SEAL = b"relapse_risk.columns"


def sealed(data: pa.Table) -> pa.Table:
    """``data`` with a digest of its columns' names and types, which no checksum of a page covers; see :func:`unsealed`."""
    return data.replace_schema_metadata({_SEAL: _columns(data)})


def unsealed(data: pa.Table) -> pa.Table:
    """``data`` as it was sealed; a file of an older version has no seal.

    Raises
    ------
    ArrowInvalid
        If a column has another name or type than it was written with.

    Examples
    --------
    >>> data = sealed(pa.table({"need": [1.5]}))
    >>> unsealed(data).column_names, unsealed(data).schema.metadata
    (['need'], None)
    >>> unsealed(pa.table({"neee": [1.5]}).replace_schema_metadata(data.schema.metadata))
    Traceback (most recent call last):
        ...
    pyarrow.lib.ArrowInvalid: a column was changed after it was written
    """
    seal = (data.schema.metadata or {}).get(_SEAL)
    if seal is not None and seal != _columns(data):
        raise pa.ArrowInvalid("a column was changed after it was written")
    return data.replace_schema_metadata(None)


def _columns(data: pa.Table) -> bytes:
    return digest(f"{field.name}:{field.type}|" for field in data.schema).encode()
