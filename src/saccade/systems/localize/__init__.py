"""Classification with localization."""
