"""Pseudonyms: a keyed hash replaces an identity number; the key is kept outside the register."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

import pandas as pd
from platformdirs import user_config_path

from relapse_risk.errors import RegisterError
from relapse_risk.files import create_file
from relapse_risk.register.cell_readers import read_identity_text
from relapse_risk.register.cell_texts import folded
from relapse_risk.register.manifest import MANIFEST

__all__ = ["create_key", "default_key_path", "pseudonym", "pseudonyms", "read_key"]

KEY_VARIABLE = "RELAPSE_RISK_KEY"
_KEY_BYTES = 32
_LENGTH = 16  # 80 bits: probability of any collision among a hundred million persons about 4e-9
_HEAD = "relapse-risk key 1: "


def pseudonym(key: bytes, value: str, prefix: str) -> str:
    """The pseudonym of an identity number or household number under ``key``.

    Parameters
    ----------
    key : bytes
        From :func:`read_key`.
    value : str
        Value to hide; blanks around it and between digits, an apostrophe before it, invisible characters,
        full-width digits and lower case make no difference.
    prefix : str
        Kind of thing, such as ``"P"`` or ``"H"``; the same value of another kind has another pseudonym.

    Returns
    -------
    str
        ``prefix`` and 16 characters ``A-Z2-7``.

    Raises
    ------
    RegisterError
        If ``value`` is empty.

    Notes
    -----
    First 80 bits of HMAC-SHA256 (RFC 2104) of prefix, a zero byte and the value, in base32 (RFC 4648).  Identity
    numbers are few enough to try all of them, so a hash without a key would hide nothing.

    Examples
    --------
    >>> pseudonym(bytes(32), "371425194001010000", "P")
    'PNARPDR2MRPTTUIGS'
    >>> pseudonym(bytes(32), " ３71425194001010000", "P") == pseudonym(bytes(32), "371425194001010000", "P")
    True
    """
    read = read_identity_text(value)
    plain = folded(value if not isinstance(read, str) else read).strip().upper()
    if not plain:
        raise RegisterError("an empty value has no pseudonym", where=f"pseudonym {prefix}", fix="reject the row")
    digest = hmac.new(key, f"{prefix}\0{plain}".encode(), hashlib.sha256).digest()
    return prefix + base64.b32encode(digest)[:_LENGTH].decode("ascii")


def pseudonyms(key: bytes, values: pd.Series, prefix: str) -> pd.Series:
    """:func:`pseudonym` of each value; null stays null.

    Examples
    --------
    >>> pseudonyms(bytes(32), pd.Series(["1", None, "1"], dtype="str"), "H").nunique()
    1
    """
    known = {value: pseudonym(key, value, prefix) for value in values.dropna().unique()}
    return values.map(known).astype("str")


def default_key_path() -> Path:
    """Where the key is looked for: ``RELAPSE_RISK_KEY``, or a file in the user's configuration folder."""
    if named := os.environ.get(KEY_VARIABLE):
        return Path(named)
    try:
        return user_config_path("relapse-risk", appauthor=False, roaming=True) / "pseudonym.key"
    except RuntimeError as error:
        raise RegisterError(
            "no key file is named, and the user has no home folder to look in", where="pseudonym key",
            fix=f"name the key file: --key FILE, or set {KEY_VARIABLE}",
        ) from error  # fmt: skip


def create_key(path: str | Path | None = None, register: str | Path | None = None) -> Path:
    """Make a new random key; an existing one is never replaced.

    Parameters
    ----------
    path : str or Path, optional
        Key file; :func:`default_key_path` when left out.
    register : str or Path, optional
        A register that is still to be built; the key must not be inside it either.

    Returns
    -------
    Path
        The key file, readable by its owner only, where the system has file owners.

    Raises
    ------
    RegisterError
        If the path is inside a register, or the file already exists.
    """
    file = Path(path) if path is not None else default_key_path()
    _check_outside(file, register)
    text = f"{_HEAD}{secrets.token_hex(_KEY_BYTES)}\n".encode("ascii")
    try:
        return create_file(file, text, restricted=True)
    except FileExistsError as error:
        raise RegisterError(
            "there is a key already; with a new key no pseudonym would match its person",
            where=str(file), fix="use it, or choose another path",
        ) from error  # fmt: skip


def read_key(path: str | Path | None = None, register: str | Path | None = None) -> bytes:
    """The key in ``path`` (:func:`default_key_path` when left out): 32 bytes.

    Raises
    ------
    RegisterError
        If there is no key, it is not one, or it lies inside a register.
    """
    file = Path(path) if path is not None else default_key_path()
    _check_outside(file, register)
    try:
        text = file.read_text(encoding="ascii").strip()
    except FileNotFoundError as error:
        raise RegisterError(
            "no key", where=str(file), fix=f"create one with create_key(), or set {KEY_VARIABLE} to the key file"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise RegisterError(f"key cannot be read: {error}", where=str(file), fix="restore the key file") from error
    digits = text.removeprefix(_HEAD)
    try:
        key = bytes.fromhex(digits)
    except ValueError:
        key = b""
    if digits == text or len(key) != _KEY_BYTES:
        raise RegisterError(
            "not a key file", where=str(file), expected=f"{_HEAD}and {2 * _KEY_BYTES} hexadecimal digits",
            fix="give the file that create_key() wrote",
        )  # fmt: skip
    return key


def _check_outside(file: Path, register: str | Path | None) -> None:
    """A register must not contain the key to its pseudonyms."""
    whole = file.expanduser().absolute().resolve()
    named = [Path(register).absolute().resolve()] if register is not None else []
    inside = [folder for folder in whole.parents if folder in named or (folder / MANIFEST).is_file()]
    if inside:
        raise RegisterError(
            "a key must not lie inside a register", where=str(file), got=str(inside[0]), fix="keep it in another folder"
        )
