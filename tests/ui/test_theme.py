"""Every token can be read on every ground it is used on, in every theme that can be chosen."""

from __future__ import annotations

import pytest
from textual.color import Color
from textual.theme import BUILTIN_THEMES

from pxtui.ui import theme


@pytest.mark.parametrize("name", theme.THEMES)
def test_text_can_be_read(name: str) -> None:
    tokens = theme.tokens(BUILTIN_THEMES[name].to_color_system().generate())
    assert len(tokens) == 12
    for ground in theme.GROUNDS:
        for token in theme.TEXT_TOKENS:
            contrast = theme.contrast(Color.parse(tokens[token]), Color.parse(tokens[ground]))
            assert contrast >= 4.5, (token, ground)
    base = Color.parse(tokens["ground"])
    assert theme.contrast(Color.parse(tokens["spark"]), base) >= 2.95
    # The filled first cell of the status line: the ground's colour on good and bad, strong on hair.
    for fill in ("good", "bad"):
        assert theme.contrast(base, Color.parse(tokens[fill])) >= 4.5
    assert theme.contrast(Color.parse(tokens["strong"]), Color.parse(tokens["hair"])) >= 4.5


def test_black_on_white_is_21() -> None:
    assert theme.contrast(Color.parse("#000"), Color.parse("#fff")) == pytest.approx(21)
