#!/usr/bin/env python3
"""Times the Python peers of the photonic module beside xrmesh's own kernels, one thread each.

    python3 benches/peers/python/photonic.py [CASE ...]

Makes a virtual environment of its own beside this file (.venv) and installs requirements.txt into it.
Each case alternates between the peer and xrmesh
(`cargo run --release --example photonic_timing CASE`), takes the median CPU time of each, and prints

    case <TAB> who <TAB> median in seconds <TAB> ratio to xrmesh

Further cases without a peer that installs print xrmesh's line alone. Both run on one core in one session, so the ratio means something; the seconds only on this machine.
"""

import os
import pathlib
import subprocess
import sys
import venv

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
ENVIRONMENT = HERE / ".venv"
ONE_THREAD = {
    name: "1"
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
}


def inside(arguments):
    """Runs this file again with the environment's own Python."""
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists():
        venv.create(ENVIRONMENT, with_pip=True)
    wanted = HERE / "requirements.txt"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", wanted], check=True)
    environment = {**os.environ, **ONE_THREAD, "XRMESH_PEERS": "1"}
    sys.exit(subprocess.run([python, __file__, *arguments], env=environment).returncode)


if os.environ.get("XRMESH_PEERS") != "1":
    inside(sys.argv[1:])

import time
import warnings

import numpy as np

warnings.filterwarnings("ignore")
RANDOM = np.random.default_rng(1)
ROUNDS = 3


def median(values):
    return sorted(values)[len(values) // 2]


def timed(work, seconds=0.3):
    """The median CPU time of one call, from at least one and at most `seconds` of calls."""
    work()
    times = []
    while not times or (sum(times) < seconds and len(times) < 1000):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return median(times)


def own(case):
    """xrmesh's median, or None where this build has no such case."""
    command = ["cargo", "run", "--quiet", "--release", "--example", "photonic_timing", "--", case]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return float(result.stdout) if result.returncode == 0 and result.stdout.strip() else None


def haar(n):
    z = RANDOM.normal(size=(n, n)) + 1j * RANDOM.normal(size=(n, n))
    q, r = np.linalg.qr(z)
    return q * (np.diag(r) / abs(np.diag(r)))


def normal(*shape):
    return RANDOM.normal(size=shape) + 1j * RANDOM.normal(size=shape)


def numpy_dense():
    w, x = haar(256).astype(np.complex64), normal(256, 256).astype(np.complex64)
    return lambda: w @ x


def interferometer_decompose(n):
    import interferometer

    u = haar(n)
    return lambda: interferometer.square_decomposition(u)


def neuroptica_batch():
    import neuroptica

    layer, x = neuroptica.ClementsLayer(256), normal(256, 256)
    return lambda: layer.forward_pass(x)


def neuroptica_gradient():
    import neuroptica

    layer, x = neuroptica.ClementsLayer(256), normal(256, 256)
    layer.forward_pass(x)
    return lambda: (layer.forward_pass(x), layer.backward_pass(x))


CASES = [
    ("dense256", "numpy", numpy_dense),
    ("decompose16", "interferometer", lambda: interferometer_decompose(16)),
    ("decompose64", "interferometer", lambda: interferometer_decompose(64)),
    ("batch256", "neuroptica", neuroptica_batch),
    ("gradient256", "neuroptica", neuroptica_gradient),
]


def main():
    chosen = set(sys.argv[1:])
    for case, who, prepare in CASES:
        if chosen and case not in chosen:
            continue
        try:
            work = prepare()
            peers, ours = [], []
            for _ in range(ROUNDS):
                ours.append(own(case))
                peers.append(timed(work))
        except Exception as error:  # a peer that fails is reported, the others still run
            print(f"{case}\t{who}\tfailed: {error}\t-", flush=True)
            continue
        theirs = median(peers)
        if None in ours:
            print(f"{case}\t{who}\t{theirs:.6g}\t-", flush=True)
            continue
        mine = median(ours)
        print(f"{case}\txrmesh\t{mine:.6g}\t1", flush=True)
        print(f"{case}\t{who}\t{theirs:.6g}\t{theirs / mine:.1f}", flush=True)


def alone():
    """Cases whose peers do not install from PyPI: xrmesh's own time beside nothing."""
    chosen = set(sys.argv[1:])
    for case in ("decompose256", "vector64", "vector256"):
        if not chosen or case in chosen:
            print(f"{case}\txrmesh\t{median([own(case) for _ in range(ROUNDS)]):.6g}\t1", flush=True)


if __name__ == "__main__":
    main()
    alone()
