"""What the report says of joints: each joint, each row of them, sticks, and shares over the distance that is right.

Legend: N persons, K joints, S sticks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from saccade.metrics.pose.person_row import Yardstick
from saccade.metrics.pose.schema import Stick, is_mpii, joint_rows, stick_rows
from saccade.metrics.pose.within import Floats, areas, mean_of, plain, shares
from saccade.metrics.sections import Column, Curve, Curves, Section, Table

REACH, STEPS = 0.5, 51
AT = 0.5
_THRESHOLDS = tuple(float(at) for at in np.linspace(0, REACH, STEPS))
TOTAL = "all joints"


@dataclass(frozen=True)
class PoseTables:
    """Tables and curves of joints.

    Attributes:
        names: Names of the K joints.
        sticks: S sticks.
        yard: What PCK is held against.
    """

    names: tuple[str, ...]
    sticks: tuple[Stick, ...]
    yard: Yardstick

    def sections(self, by_head: Floats, by_yard: Floats, sticks_off: Floats) -> tuple[Section, ...]:
        """The section of joints.

        Args:
            by_head: (N, K) distances over the head's size; NaN where unknown.
            by_yard: (N, K) distances over the yardstick.
            sticks_off: (N, 2, S) distances of the ends over the stick's length.
        """
        heads = bool((~np.isnan(by_head)).any())
        parts = (
            self._each(by_head if heads else None, by_yard),
            self._rows(by_head if heads else None, by_yard),
            *([self._sticks(sticks_off)] if self.sticks else []),
            self._curves(by_head if heads else by_yard, "the head's size" if heads else self._short),
        )
        known = int((~np.isnan(by_yard)).any(1).sum())
        lead = f"PCK: a joint is right within {self.yard.at:g} of {self.yard.words} (known of {known} persons). "
        measured = int((~np.isnan(by_head)).any(1).sum())
        lead += f"PCKh: within {AT:g} of the head's size, which is known of {measured} persons."
        return (Section("Joints", parts, lead),)

    @property
    def _short(self) -> str:
        return "the torso" if self.yard.ends is not None else "the person's size"

    def _each(self, by_head: Floats | None, by_yard: Floats) -> Table:
        """A row a joint."""
        measured = by_yard if by_head is None else by_head
        of = self._short if by_head is None else "the head"
        reached = np.where(np.isfinite(measured), measured, 0)
        distance = mean_of(reached.sum(0), np.isfinite(measured).sum(0))
        columns = (
            *([] if by_head is None else [_share("pckh", shares(by_head, AT), telling=True)]),
            _share("pck", shares(by_yard, self.yard.at), telling=by_head is None),
            Column(name="joint_area", values=_plain(areas(measured, REACH)), title=f"Area up to {REACH:g} of {of}"),
            Column(name="joint_distance", values=_plain(distance), title=f"Mean distance, of {of}"),
            Column(name="persons", values=(~np.isnan(measured)).sum(0).astype(float).tolist(), form="count"),
        )
        return Table(rows=self.names, columns=columns, head="Joint")

    def _rows(self, by_head: Floats | None, by_yard: Floats) -> Table:
        """Both sides as one row, and all joints together."""
        rows = joint_rows(self.names)
        told = [("pck", by_yard, self.yard.at)]
        if by_head is not None:
            told = [("pckh", by_head, AT), ("pckh_strict", by_head, 0.1), *told]
        titles = {"pckh_strict": "PCKh at .1"}
        columns = [
            Column(name=name, values=_told(relative, at, rows), title=titles.get(name, ""), telling=place == 0)
            for place, (name, relative, at) in enumerate(told)
        ]
        mpii = is_mpii(self.names)
        return Table(
            title="As MPII tells it" if mpii else "Both sides together",
            lead="Without pelvis and thorax; all joints are counted together." if mpii else "",
            aloud="Joints, both sides together",
            head="Joint",
            rows=(*rows, TOTAL),
            columns=tuple(columns),
            sortable=False,
        )

    def _sticks(self, off: Floats) -> Table:
        """Sticks by both ends (strict), and by the mean of the two (loose)."""
        rows = stick_rows(self.sticks)
        strict, loose = off.max(1), off.mean(1)
        return Table(
            title="Sticks",
            lead="Right within half of the stick's length: both ends (PCP, strict), or the mean of the two (loose).",
            head="Stick",
            rows=(*rows, "all sticks"),
            columns=(
                Column(name="pcp", values=_told(strict, AT, rows), telling=True),
                Column(name="pcp_loose", values=_told(loose, AT, rows), title="PCP, loose"),
            ),
            sortable=False,
        )

    def _curves(self, relative: Floats, of: str) -> Curves:
        """The share of right joints over the distance that is right."""
        rows, drawn = joint_rows(self.names), list[Curve]()
        for name, places in rows.items():
            chosen = relative[:, list(places)]
            heights = _mean_known(shares(chosen, _THRESHOLDS))
            if not np.isnan(heights).any():
                area = plain(float(_mean_known(areas(chosen, REACH))))
                drawn.append(Curve(name, _THRESHOLDS, tuple(heights.tolist()), area))
        return Curves(
            title="Share of right joints",
            curves=tuple(drawn),
            x=f"distance, of {of}",
            y="share within it",
            area=f"Area up to {REACH:g}",
            reach=REACH,
            empty="No curve: nobody's joints are known with what they are held against.",
        )


def _told(relative: Floats, at: float, rows: Mapping[str, Sequence[int]]) -> list[float | None]:
    """The share of each row, the mean of its parts', and that of all parts of all persons together."""
    found = shares(relative, at)
    counted = relative[:, [place for places in rows.values() for place in places]].reshape(-1, 1)
    means = [plain(float(_mean_known(found[list(places)]))) for places in rows.values()]
    return [*means, plain(float(shares(counted, at)[0]))]


def _mean_known(values: Floats) -> Floats:
    """The mean over the last axis of what is known; NaN where nothing is."""
    known = ~np.isnan(values)
    return mean_of(np.where(known, values, 0).sum(-1), known.sum(-1))


def _share(name: str, values: Floats, telling: bool) -> Column:
    return Column(name=name, values=_plain(values), telling=telling)


def _plain(values: Floats) -> list[float | None]:
    return [plain(float(value)) for value in values]
