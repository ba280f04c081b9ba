"""A list of words that are executed as they stand (Polyaxon 1.x) → one command line for a shell."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Mapping, Sequence

from pxtui.polyaxonfile.command import sanitised

OUTPUTS = "POLYAXON_RUN_OUTPUTS_PATH"
"""The variable in which a run finds its outputs' folder."""

_EXPRESSION = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}", re.DOTALL)
_PARAM = re.compile(r"\bparams\.(\w+)\.(?:value|as_str)\b")
_AS_ARG = re.compile(r"params\.(\w+)\.as_arg")
_FOREIGN = re.compile(
    r"\b(globals|connections|artifacts|matrix|dag|ops|runs|events|params|init|joins)\b[.\w]*"
)
"""Names that Polyaxon's cluster supplies."""
_UPLOADS = re.compile(r"\{\{-?\s*globals\.run_artifacts_path\s*-?\}\}/uploads(/+|$)")
"""Where Polyaxon 1.x puts the code that was uploaded with a run: here it is the project."""
_SHELLS = ("sh", "bash")
_COMPOUND = re.compile(
    r"(?:if|then|elif|else|fi|for|while|until|do|done|case|esac|select|function|\{|\}|\(|\w+\s*\(\))"
    r"(?:\s|;|$)"
)


class Inexact(Exception):
    """What cannot be said in a polyaxonfile of 0.x; `hint` is what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


def line(words: Sequence[str], types: Mapping[str, str], folder: str = "") -> str:
    """The command line of words, run in a folder of the project; raises Inexact.

    `types` are the inputs' types by name.
    """
    words = [word if folder else _UPLOADS.sub(_beside, word) for word in words]
    shell = len(words) == 3 and posixpath.basename(words[0]) in _SHELLS and words[1] == "-c"
    text = _shell(words[2], types) if shell else " ".join(_word(word, types) for word in words)
    if sanitised(text) != text:
        raise Inexact(
            "the command has runs of blanks or `\\` that 0.x would not keep",
            "write them to a script of the project and run that",
        )
    return f"cd {shlex.quote(folder)} && {text}" if folder else text


def filled(text: str, types: Mapping[str, str]) -> str:
    """A text with its references as 0.x writes them; raises Inexact."""
    return _EXPRESSION.sub(lambda m: f"{{{{ {_plain(m[1], types)} }}}}", text)


def folder_of(text: str) -> str:
    """The folder of the project that a working directory is; raises Inexact."""
    path = posixpath.normpath(_UPLOADS.sub(r"/code\1", text))
    if path != "/code" and not path.startswith("/code/"):
        raise Inexact(
            f"workingDir: {text} is not the project's code",
            "leave workingDir out: the code of this folder is where the command runs",
        )
    return path.removeprefix("/code").lstrip("/")


def _beside(match: re.Match[str]) -> str:
    return "" if match[1] else "."


def _word(word: str, types: Mapping[str, str]) -> str:
    """One word: what is filled in stays in it whatever it is."""
    if "{%" in word or "{#" in word:
        raise Inexact("a word with `{% %}` is not mapped", "write a `{{ … if … else … }}`")
    if whole := _EXPRESSION.fullmatch(word):
        return _argument(whole[1], types) or _inserted(whole[1], types)
    parts, at = [], 0
    for match in _EXPRESSION.finditer(word):
        parts += [_quoted(word[at : match.start()]), _inserted(match[1], types)]
        at = match.end()
    return "".join([*parts, _quoted(word[at:])]) or "''"


def _quoted(text: str) -> str:
    return shlex.quote(text) if text else ""


def _inserted(expression: str, types: Mapping[str, str]) -> str:
    if expression == "globals.run_outputs_path":
        return f'"${OUTPUTS}"'
    plain = _plain(expression, types)
    value = plain if re.fullmatch(r"[\w.]+", plain) else f"({plain})"
    return f"{{{{ {value} | sh }}}}"


def _argument(expression: str, types: Mapping[str, str]) -> str:
    """`params.x.as_arg` as a word: `--x=1`, of a bool `--x` or nothing; empty for all else."""
    match = _AS_ARG.fullmatch(expression)
    if match is None:
        return ""
    name = match[1]
    if types.get(name) == "bool":
        return f"{{{{ '--{name}' if {name} else '' }}}}"
    return f"--{name}={{{{ {name} | sh }}}}"


def _plain(expression: str, types: Mapping[str, str]) -> str:
    """An expression over bare names."""
    expression = _PARAM.sub(r"\1", expression)
    for match in _FOREIGN.finditer(expression):
        if match[1] not in types:
            hint = "write the value out, or give it as an input"
            if match[0].endswith("artifacts_path"):
                hint = "name the file as it stands in this folder, e.g. `model.py`"
            raise Inexact(f"{match[0]} is something that only Polyaxon 1.x knows", hint)
    return expression


def _shell(text: str, types: Mapping[str, str]) -> str:
    """The text of `bash -c`, its lines one after the other."""

    def use(match: re.Match[str]) -> str:
        if match[1] == "globals.run_outputs_path":
            return f"${{{OUTPUTS}}}"
        return _argument(match[1], types) or f"{{{{ {_plain(match[1], types)} }}}}"

    lines = [one.strip() for one in re.sub(r"\\\n\s*", "", text).splitlines()]
    lines = [one for one in lines if one and not one.startswith("#")]
    if len(lines) > 1:
        lines = list(_ended(lines))
    return _EXPRESSION.sub(use, " ".join(lines))


def _ended(lines: Sequence[str]) -> list[str]:
    """Lines that may follow each other in one, each a plain command; raises Inexact."""
    for one in lines:
        try:
            whole = bool(shlex.split(one))
        except ValueError:
            whole = False
        if not whole or "<<" in one or " #" in one or _COMPOUND.match(one):
            raise Inexact(
                "a shell script of several lines is not mapped",
                "write it to a file of the project and run that",
            )
    more = ("&", "|", ";")
    return [one if one.endswith(more) else f"{one};" for one in lines[:-1]] + [lines[-1]]
