"""The tiles at the head of a report: the headline scores with their intervals, then the others."""

from saccade.metrics.bootstrap import Interval, interval_of
from saccade.metrics.evaluation import Evaluation
from saccade.metrics.headline import Headline
from saccade.metrics.scores import score_of, telling
from saccade.view.pages.markup import Markup, element, joined
from saccade.view.pages.text import score

SEED = 0


def scores(evaluation: Evaluation, table: str = "") -> Markup | None:
    """A tile for each score that says something of its own, those that the metrics are known by first.

    Args:
        evaluation: What was found.
        table: Name of the file beside the page that holds the scores of each picture, or nothing.
    """
    shown = telling(evaluation.scores, len(evaluation.classes))
    if not shown:
        return None
    intervals = [_interval(headline, shown) for headline in evaluation.headlines]
    large = [_headline(one, shown, found) for one, found in zip(evaluation.headlines, intervals, strict=True)]
    first = [name for one in evaluation.headlines for name in one.names[:1]]
    beside = [name for name in evaluation.headline_names if name in shown and name not in first]
    others = [name for name in shown if name not in first and name not in beside]
    tiles = [*(tile for tile in large if tile), *(_score(name, shown[name]) for name in [*beside, *others])]
    return joined(element("div", *tiles, class_="scores"), _below(evaluation, intervals, table))


def _interval(headline: Headline, shown: dict[str, float | None]) -> Interval | None:
    if headline.resampling is None or shown.get(headline.names[0]) is None:
        return None
    return interval_of(headline.resampling, SEED)


def _headline(headline: Headline, shown: dict[str, float | None], interval: Interval | None) -> Markup | None:
    """The tile of the first of a metric's headline scores; None where it is not among those that are shown."""
    key = next(iter(headline.names), "")
    if key not in shown:
        return None
    told = None if interval is None else f"95 % interval {score(interval.low)} to {score(interval.high)}"
    return _tile(key, shown[key], told, headline.note or None, large=True)


def _score(key: str, value: float | None) -> Markup:
    return _tile(key, value, None, None)


def _tile(key: str, value: float | None, interval: str | None, note: str | None, large: bool = False) -> Markup:
    known = score_of(key)
    meaning = known.meaning if value is not None else "undefined: the data does not determine it"
    lower = None if known.higher_is_better else element("span", "lower is better", class_="lower")
    return element(
        "div",
        element("div", known.title, lower, class_="title"),
        element("div", score(value), class_="value"),
        element("div", interval, class_="interval") if interval else None,
        element("div", meaning, class_="meaning"),
        element("div", note[:1].upper() + note[1:], class_="meaning") if note else None,
        class_="score large" if large else "score",
        title=f"{key}: {'higher' if known.higher_is_better else 'lower'} is better",
    )


def _below(evaluation: Evaluation, intervals: list[Interval | None], table: str) -> Markup | None:
    """On how many pictures all this was measured, how the intervals were made, and where each picture's scores are."""
    lines: list[str] = []
    if evaluation.pictures:
        lines.append(f"Measured on {evaluation.measured_on}.")
    drawn = [one for one in intervals if one is not None]
    if drawn:
        counts = " and ".join(str(count) for count in dict.fromkeys(one.resamples for one in drawn))
        lines.append(
            f"Intervals: the pictures were drawn anew {counts} times, each time as many from all of them (bootstrap, "
            f"seed {SEED}); they tell what other pictures of the kind would change, and nothing of another training."
        )
    if table:
        lines.append(
            f"The scores of each picture stand in {table}, beside this page. {evaluation.by_picture.note}".strip()
        )
    return element("p", " ".join(lines), class_="lead below") if lines else None
