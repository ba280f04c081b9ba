"""Which place in a file a traceback in a log leads to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxtui.logs.frames import Frame, frame_of, frames_near

_TEXT = """\
epoch 1
Traceback (most recent call last):
  File "/code/train.py", line 40, in <module>
    main()
  File "/code/model.py", line 7, in main
    fit(x)
    ^^^^^^
  File "/usr/lib/python3/site-packages/torch/nn.py", line 99, in fit
    raise ValueError
ValueError: bad
epoch 2
Traceback (most recent call last):
  File "/code/other.py", line 3, in f
    1 / 0
ZeroDivisionError: division by zero
done
"""
LOG = _TEXT.splitlines()


@pytest.mark.parametrize(
    ("text", "file", "line"),
    [
        ('  File "/code/a b.py", line 12, in f', "/code/a b.py", 12),
        ('[rank3]:   File "/code/a.py", line 12, in f', "/code/a.py", 12),
        ("│ /code/train.py:12 in <module>      │", "/code/train.py", 12),
        ("train.py:12: AssertionError", "train.py", 12),
        ("File ~/x/train.py:12, in f()", "", 0),
        ("File /code/train.py:12, in f()", "/code/train.py", 12),
        ("/code/run.sh: line 3: foo: command not found", "/code/run.sh", 3),
        ("src/a.cu:7:3: error: no", "src/a.cu", 7),
        ("12:30:11 train", "", 0),
        ("loss: 0.5:12", "", 0),
        ("acc.py", "", 0),
        ('  File "x.py", line 99999999999', "", 0),
    ],
)
def test_a_line_names_a_place(text: str, file: str, line: int) -> None:
    assert frame_of(text) == (Frame(file, line, 0) if file else None)


@pytest.mark.parametrize(
    ("at", "lines"),
    [
        (1, [99, 7, 40, 3]),  # the head: where it was raised
        (9, [99, 7, 40, 3]),  # the exception
        (2, [40, 7, 99, 3]),  # from a frame on downwards
        (5, [7, 99, 40, 3]),  # the source below a frame
        (8, [99, 7, 40, 3]),
        (13, [3, 99, 7, 40]),
        (14, [3, 99, 7, 40]),
        (0, [40, 7, 99, 3]),
        (15, [3, 99, 7, 40]),
    ],
)
def test_the_nearest_comes_first(at: int, lines: list[int]) -> None:
    assert [frame.line for frame in frames_near(LOG, at)] == lines


@given(st.lists(st.sampled_from([*LOG, "", "  "]), min_size=1, max_size=30), st.data())
def test_every_frame_is_there_once(texts: list[str], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(texts) - 1))
    found = [frame.at for frame in frames_near(texts, at)]
    assert sorted(found) == [n for n, text in enumerate(texts) if frame_of(text) is not None]
