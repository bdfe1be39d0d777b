"""Array types of masks and row numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Bools", "Ints"]

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
