"""Names from outside as plain text, in a terminal and in a spreadsheet."""

from __future__ import annotations

from fairdd_core.text import one_line, spreadsheet_cell


def test_one_line_leaves_out_what_moves_a_cursor_or_reorders_text() -> None:
    assert one_line("two\r\nlines\tand \x1b[2Jan escape\x07") == "two lines and [2Jan escape"
    assert one_line("\u202egnp.exe\u2066x\u200fy\u2060z\ud800") == "gnp.exexyz"
    assert (
        one_line("Grün · naïve · Ω → 日本 · नमस्\u200dते · 👩\u200d🔬")
        == "Grün · naïve · Ω → 日本 · नमस्\u200dते · 👩\u200d🔬"
    )
    assert one_line("hot_dog *x*") == "hot_dog *x*"


def test_a_spreadsheet_takes_no_name_for_a_formula() -> None:
    for formula in ("=1+1", "+cmd|' /C calc'!A0", "-2+3+cmd", "@SUM(A1)", "\t=1", " =1", "\r=1"):
        assert spreadsheet_cell(formula) == f"'{formula}"
    for plain in ("", "a=b", "-1", "+0.5", "-1e-3", "hot-dog", "'=1"):
        assert spreadsheet_cell(plain) == plain
