"""``metrics.jsonl``: one JSON object a line, a line a step and a line an epoch; no step stands there twice."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from saccade.core.errors import DataError
from saccade.safe_io.documents.plain import to_json
from saccade.safe_io.files import readable
from saccade.safe_io.writing.atomic import naming_full_disk, sync, write_bytes


class MetricsLog:
    """Lines of a training, added one by one and flushed at once.

    Args:
        path: The file; it is made with the first line.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle: int | None = None

    def append(self, record: Mapping[str, Any]) -> None:
        """Adds one line; undefined numbers become null.

        Raises:
            ResourceError: The disk is full; the lines before stay as they are.
            TypeError: The record holds something that JSON cannot say.
        """
        line = f"{to_json(record)}\n".encode()
        with naming_full_disk(self.path, len(line)):
            handle = self._open() if self._handle is None else self._handle
            before = os.fstat(handle).st_size
            try:
                written = 0
                while written < len(line):
                    written += os.write(handle, line[written:])
            except OSError:
                os.ftruncate(handle, before)
                raise

    def cut(self, step: int, epochs: int | None = None) -> None:
        """Drops what is beyond `step`, and a torn last line: a training that goes on from there writes them anew.

        A line without a step belongs to the step before it. An epoch's line may stand there although the checkpoint
        that is gone on from was written before the epoch was closed.

        Args:
            step: Optimiser steps done.
            epochs: Epochs closed; lines without a step but of a later ``epoch`` are dropped.

        Raises:
            DataError: A line other than the last is no record.
        """
        self.close()
        kept: list[bytes] = []
        for line, record in self._lines():
            if record.get("step", step) > step:
                break
            if epochs is None or "step" in record or record.get("epoch", -1) < epochs:
                kept.append(line + b"\n")
        if self.path.exists():
            write_bytes(self.path, b"".join(kept))

    def read(self) -> list[dict[str, Any]]:
        """All records; a last line that a kill cut short is left out.

        Raises:
            DataError: A line other than the last is no record.
        """
        return [record for _, record in self._lines()]

    def sync(self) -> None:
        """Flushes the lines to the disk, so that they outlive a loss of power; a checkpoint is the time for it."""
        if self.path.exists():
            sync(self.path)

    def close(self) -> None:
        """Closes the file; a further line opens it again."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def __enter__(self) -> "MetricsLog":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self) -> int:
        if self.path.exists() and not self.path.read_bytes().endswith(b"\n"):
            whole = [line + b"\n" for line, _ in self._lines()]
            write_bytes(self.path, b"".join(whole))  # A line added to a torn one would spoil both.
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        return self._handle

    def _lines(self) -> list[tuple[bytes, dict[str, Any]]]:
        if not self.path.exists():
            return []
        with readable(self.path):
            *lines, last = self.path.read_bytes().split(b"\n")
        found = [(line, self._parse(line, number)) for number, line in enumerate(lines, 1)]
        try:
            return [*found, (last, self._parse(last, len(lines) + 1))]
        except DataError:
            return found

    def _parse(self, line: bytes, number: int) -> dict[str, Any]:
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            record = error
        if isinstance(record, dict) and isinstance(record.get("step", 0), int | float):
            return record
        raise DataError(
            "one JSON object a line",
            repr(line[:60]),
            path=self.path,
            line=number,
            cure="the file was changed after it was written: remove the line",
        )
