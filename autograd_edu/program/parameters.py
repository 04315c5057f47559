"""The parameters of a program or a cache: the captured Values, and numbers for a replay."""

from __future__ import annotations

from collections.abc import Sequence

from numpy.typing import ArrayLike

from ..engine.value import Value
from ..errors import OperandError, ShapeError
from .arrays import real_array
from .ir import Floats


class Parameters:
    """What has parameters, and numbers for them that are apart from the Values' data."""

    parameters: Sequence[Value]
    _values: Floats

    @property
    def parameter_values(self) -> Floats:
        """The numbers of the parameters that a replay uses, an array of shape (parameter_count,).

        You can change its entries, or assign a new array. A cache uses them in all its programs.

        Raises:
            ShapeError: if you assign an array of another shape.
            OperandError: if you assign something other than real numbers.
        """
        return self._values

    @parameter_values.setter
    def parameter_values(self, new: ArrayLike) -> None:
        self._values = self._one_each(new, "values")

    def write_back(self) -> None:
        """Copy `parameter_values` to the data of the captured Values."""
        self._check_values("write_back")
        for value, new in zip(self.parameters, self._values.tolist(), strict=True):
            value.data = new

    def read(self) -> None:
        """Copy the data of the captured Values to `parameter_values`."""
        self._check_values("read")
        self._values[:] = [value.data for value in self.parameters]

    def _one_each(self, given: ArrayLike, what: str) -> Floats:
        """An array of one number for each parameter; ``what`` says in errors what they are."""
        array, shape = real_array(given, f"the {what} of the parameters"), self._values.shape
        if array.shape != shape:
            raise ShapeError(
                f"the {what} of the {shape[0]} parameters need the shape {shape}; got {array.shape}"
            )
        return array.astype(float)

    def _check_values(self, method: str) -> None:
        if len(self.parameters) != len(self._values):
            raise OperandError(
                f"{method}() needs the captured Values of the {len(self._values)} parameter(s), "
                "which a program from from_json does not have; use parameter_values instead"
            )
