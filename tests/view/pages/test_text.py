"""Text from outside: nothing that breaks a page or a drawing, nothing longer than its place."""

from saccade.view.pages.text import percent, printable, score, shortened


def test_controls_surrogates_and_marks_of_direction_are_replaced():
    assert printable("a\x00b\ud800c\u202ed\te") == "a�b�c�d�e"
    assert printable("車 ñ 🐝\nb") == "車 ñ 🐝\nb"


def test_long_names_keep_both_ends():
    assert shortened("short") == "short"
    assert shortened("a\nb") == "a b"
    assert shortened("abcdefghijklmnopqrstuvwxyz", 10) == "abcdef…xyz"


def test_scores_are_percentages_unless_they_leave_the_range():
    assert percent(0.1234) == "12.3\N{NO-BREAK SPACE}%"
    assert score(1) == "100.0\N{NO-BREAK SPACE}%"
    assert score(12.34567) == "12.35"
    assert score(None) == percent(None) == "–"
