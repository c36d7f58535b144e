"""The proof systems stand among the others while the contracts are tested."""

import pytest

from proof_systems import PROOFS
from saccade.systems import SYSTEMS


@pytest.fixture(autouse=True)
def _proofs(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, function in PROOFS.items():
        monkeypatch.setitem(SYSTEMS, name, function)
