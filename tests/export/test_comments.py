"""Names, titles and paths in the comments of every target: they end no comment, begin no line, and say nothing of the machine."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from programs import need

from designer.export import TARGETS, FilterSet, target_named
from designer.export.names import MAX_NAME_LENGTH, c_name
from designer.export.provenance import one_line
from export import filter_cases

NASTY = (
    "*/ int main(void) { return 7; } /*",
    "*\\ INJECTED; /\\*",
    "a\nINJECTED: 1\n# INJECTED",
    "\u2028INJECTED\u2029\x85INJECTED\x0bINJECTED\x0cINJECTED",
    "??/\nINJECTED \\",
    '"; INJECTED; "',
    "; INJECTED",
)


OTHER_WORDS = ("cmsis-f32", "cmsis-q15", "c-q31", "c-q15")


def nasty() -> FilterSet:
    """Names and a title that want out of a comment."""
    draw = np.random.default_rng(4)
    channels = {name: filter_cases.decaying(draw, 8)[:1] for name in NASTY}
    base = filter_cases.made(channels, ("d */ INJECTED \n INJECTED",), {}, "fir")
    return replace(
        base,
        title="*\\ /* \n#include <INJECTED.h> */",
        problem_file="x*\\\n INJECTED.toml",
        imported_from="/home/somebody/secret/x*\\\nINJECTED",
    )


@pytest.mark.parametrize("name", [*NASTY, "*\\", "/\\*", "**//**", "*/*/*/", "/*/", "*\u200b/"])
def test_one_line_is_one_line_of_a_comment(name: str) -> None:
    """No signs that begin or end a C comment, no backslash, one line however lines are counted."""
    text = one_line(name)
    assert "*/" not in text and "/*" not in text and "\\" not in text and len(text.splitlines()) == 1
    assert one_line(text) == text


COMMENTED = {
    ".c": None,
    ".h": None,
    ".hex": "//",
    ".coe": ";",
    ".mif": "--",
    ".dsp": "//",
    ".csv": "# ",
    ".conf": "#",
    ".yml": "#",
}


@pytest.mark.parametrize("target", [name for name in TARGETS if filter_cases.is_held(name, filter_cases.fir())])
def test_nothing_is_injected(target: str) -> None:
    """Outside of comments and of quoted names no line of any file begins with what a name holds."""
    for path, content in target_named(target).write(nasty()).files.items():
        mark = COMMENTED.get(Path(path).suffix, "#" if target in ("equalizerapo", "sigmadsp") else None)
        if Path(path).suffix in (".c", ".h"):
            text = re.sub(r"/\*.*?\*/", "", content.decode(), flags=re.DOTALL)
            assert not re.search(r"\bINJECTED\b", text) and "return 7" not in text and "??/" not in content.decode()
        elif mark and not path.endswith(".wav") and target != "csv" and not path.endswith("filters.csv"):
            rest = [line for line in content.decode().split("\n") if not line.startswith(mark)]
            bare = re.sub(r'"[^"\n]*"', "", re.sub(r"\{ # .*", "", "\n".join(rest)))
            assert "INJECTED: " not in bare and "INJECTED;" not in bare and ".h>" not in bare


@pytest.mark.parametrize("target", [name for name in TARGETS if filter_cases.is_held(name, filter_cases.fir())])
@pytest.mark.parametrize(
    "path", ["/home/somebody/secret/device.csv", "C:\\Users\\somebody\\device.csv", "\\\\host\\somebody\\device.csv"]
)
def test_no_file_names_a_place_of_the_machine(target: str, path: str) -> None:
    """Of coefficients that were imported from an absolute path, the file's name alone is repeated."""
    files = target_named(target).write(replace(filter_cases.fir(taps=8), imported_from=path)).files
    everything = b"".join(files.values()).replace(b"\0", b"")
    assert b"somebody" not in everything and b"device.csv" in everything + (
        b"device.csv" if target == "matlab" else b""
    )


def test_names_that_are_cut_stay_apart() -> None:
    """Two files that begin alike have prefixes of their own, within the length, on any day; short names are as they are."""
    long = ("smart-speaker-three-drivers-a", "smart-speaker-three-drivers-b")
    prefixes = [c_name(name) for name in long]
    assert len(set(prefixes)) == 2 and all(
        len(name) <= MAX_NAME_LENGTH and name.startswith("smart_speaker") for name in prefixes
    )
    assert prefixes[0] == c_name(long[0]) and c_name("smart-speaker") == "smart_speaker"
    exports = [
        target_named("cmsis-f32").write(replace(filter_cases.fir(taps=8), problem_file=f"{name}.toml")) for name in long
    ]
    assert not set(exports[0].files) & set(exports[1].files)


@pytest.mark.parametrize(
    "target",
    ["cmsis-q31", "c", *(pytest.param(f"{name}", marks=pytest.mark.long) for name in OTHER_WORDS)],
)
def test_a_cpp_file_links_with_the_c_file(target: str, tmp_path: Path) -> None:
    """A C++ translation unit that includes the header asks for the names that the C file has."""
    gcc, nm = need("gcc", "gcc"), need("nm", "binutils")
    cpp = need("g++", "g++")
    export = target_named(target).write(filter_cases.fir(taps=8))
    for name, content in export.files.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "arm_math.h").write_text(STUB, encoding="utf-8")
    stem = Path(next(iter(export.files))).stem
    (tmp_path / "main.cpp").write_text(
        f'#include "{stem}.h"\nstatic {stem}_state s;\nint main() {{ {stem}_init(&s); return 0; }}\n', encoding="utf-8"
    )
    subprocess.run([gcc, "-std=c99", "-c", f"{stem}.c"], cwd=tmp_path, check=True)
    subprocess.run([cpp, "-c", "main.cpp"], cwd=tmp_path, check=True)
    wanted = subprocess.run([nm, "-u", "main.o"], cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    given = subprocess.run(
        [nm, "--defined-only", f"{stem}.o"], cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout
    assert f" {stem}_init\n" in wanted.replace("U ", " ") and re.search(rf" T {stem}_init$", given, re.MULTILINE)


STUB = """#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif
typedef float float32_t; typedef int32_t q31_t; typedef int16_t q15_t; typedef int64_t q63_t;
typedef struct { int n; } arm_fir_instance_f32, arm_fir_instance_q31, arm_fir_instance_q15;
void arm_fir_init_f32(arm_fir_instance_f32 *, uint16_t, const float32_t *, float32_t *, uint32_t);
void arm_fir_init_q31(arm_fir_instance_q31 *, uint16_t, const q31_t *, q31_t *, uint32_t);
int arm_fir_init_q15(arm_fir_instance_q15 *, uint16_t, const q15_t *, q15_t *, uint32_t);
void arm_fir_f32(const arm_fir_instance_f32 *, const float32_t *, float32_t *, uint32_t);
void arm_fir_q31(const arm_fir_instance_q31 *, const q31_t *, q31_t *, uint32_t);
void arm_fir_q15(const arm_fir_instance_q15 *, const q15_t *, q15_t *, uint32_t);
#ifdef __cplusplus
}
#endif
"""
"""What a compiler must know of CMSIS-DSP."""
