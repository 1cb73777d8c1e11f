#!/usr/bin/env python3
"""Times the Python peers of the photonic module beside xrmesh's own kernels, one thread each.

    python3 benches/peers/python/photonic.py [--torch] [--environment DIR] [--limit SECONDS] [CASE ...]

Makes a virtual environment of its own (.venv beside this file, or DIR) and installs requirements.txt into it;
--torch also requirements-torch.txt, which is some 5 GB because torch brings its GPU libraries. Builds
`photonic_timing` in release mode once. Then, for each case, xrmesh and its peers take turns, three each, every
turn in a process of its own that ends after SECONDS (60 by default); the median CPU time of a call counts.
Prints, with tabs between,

    case  who  seconds  ratio to xrmesh

All run on one core in one session, so the ratios mean something; the seconds only on this machine. A peer that
does not install or does not end in time is reported and left out. Figures of peers that cannot be installed
from PyPI are those of the goal's table, marked "not repeated": their ratio mixes two machines.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import time
import venv

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
ONE_THREAD = {
    name: "1"
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
}
ROUNDS = 3

# case: (peer, module, function, arguments), or (peer, seconds of the table).
CASES = {
    "batch256": [
        ("neuroptica", "optical", "neuroptica_batch", ()),
        ("meshes", 10.9e-3), ("simphox", 85e-3), ("neurophox", 174e-3), ("torchonn", 372e-3),
    ],
    "dense256": [("numpy", "optical", "numpy_dense", ())],
    "vector64": [("meshes", 281e-6)],
    "vector256": [("meshes", 4.1e-3)],
    "decompose16": [
        ("interferometer", "optical", "interferometer_decompose", (16,)),
        ("strawberryfields", 0.94e-3),
    ],
    "decompose64": [
        ("interferometer", "optical", "interferometer_decompose", (64,)),
        ("strawberryfields", 100e-3),
    ],
    "decompose256": [("meshes", 2.06), ("torchonn, real only", 0.60), ("strawberryfields", 77.0)],
    "gradient256": [("neuroptica", "optical", "neuroptica_gradient", ()), ("meshes", 59.8e-3)],
    "leaky1000": [
        ("brian2", "spiking", "brian2_leaky_neurons", ()),
        ("snntorch", "spiking", "snntorch_leaky_neurons", ()),
    ],
    "recurrent1000": [("brian2", "spiking", "brian2_leaky_neurons", (0.02,))],
    "spiking20": [
        ("torch", "spiking", "torch_network", (0.2,)),
        ("snntorch", "spiking", "snntorch_network", (0.2,)),
    ],
    "spiking100": [("torch", "spiking", "torch_network", (1.0,))],
}


def median(values):
    return sorted(values)[len(values) // 2]


def timed(work, seconds=0.5):
    """The median CPU time of one call, from at least three and at most `seconds` of calls, after one."""
    work()
    times = []
    while len(times) < 3 or (sum(times) < seconds and len(times) < 1000):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return median(times)


def one_peer(module, function, arguments):
    """In a process of its own: prints the seconds of one peer."""
    prepare = getattr(__import__(module), function)
    print(timed(prepare(*map(float if "." in "".join(arguments) else int, arguments))))


def seconds_of(command, limit):
    """What a command prints as its last line, and why not."""
    try:
        result = subprocess.run(
            command, cwd=HERE, env={**os.environ, **ONE_THREAD}, timeout=limit,
            capture_output=True, text=True,
        )
    except subprocess.TimeoutExpired:
        return None, f"not done after {limit} s"
    lines = (result.stdout if result.returncode == 0 else result.stderr).strip().splitlines()
    last = lines[-1] if lines else f"exit status {result.returncode}"
    try:
        return float(last), None
    except ValueError:
        return None, last


def install(environment, with_torch):
    """The environment's own Python, with the peers."""
    python = environment / "bin" / "python"
    if not python.exists():
        venv.create(environment, with_pip=True)
    wanted = ["requirements.txt"] + (["requirements-torch.txt"] if with_torch else [])
    for name in wanted:
        subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", HERE / name], check=True)
    return python


def own_binary():
    build = ["cargo", "build", "--quiet", "--release", "--example", "photonic_timing"]
    subprocess.run(build, cwd=ROOT, check=True)
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return target / "release" / "examples" / "photonic_timing"


def line(case, who, seconds, ratio):
    print(f"{case}\t{who}\t{seconds}\t{ratio}", flush=True)


def run(case, peers, python, binary, limit):
    turns = [("xrmesh", [binary, case])] + [
        (peer[0], [python, __file__, "--one", *peer[1:3], *map(str, peer[3])])
        for peer in peers
        if len(peer) > 2
    ]
    times, failures = {who: [] for who, _ in turns}, {}
    for _ in range(ROUNDS):
        for who, command in turns:
            if who not in failures:
                seconds, why = seconds_of(command, limit)
                if why:
                    failures[who] = why
                else:
                    times[who].append(seconds)
    own = median(times["xrmesh"]) if "xrmesh" not in failures else None
    for who, _ in turns:
        if who in failures:
            line(case, who, f"left out: {failures[who]}", "-")
        else:
            seconds = median(times[who])
            line(case, who, f"{seconds:.4g}", f"{seconds / own:.3g}" if own else "-")
    for who, seconds in (peer for peer in peers if len(peer) == 2):
        line(case, f"{who} (not repeated)", f"{seconds:.4g}", f"{seconds / own:.3g}" if own else "-")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="*", metavar="CASE", help=", ".join(CASES))
    parser.add_argument("--torch", action="store_true", help="install torch and snntorch too (5 GB)")
    parser.add_argument("--environment", type=pathlib.Path, default=HERE / ".venv")
    parser.add_argument("--limit", type=float, default=60.0, help="seconds for one turn")
    parser.add_argument("--own", type=pathlib.Path, help="a photonic_timing that was built already")
    options = parser.parse_args()
    for case in options.cases:
        if case not in CASES:
            parser.error(f"no case {case}; there are {', '.join(CASES)}")
    python = install(options.environment.resolve(), options.torch)
    binary = options.own.resolve() if options.own else own_binary()
    for case in options.cases or CASES:
        run(case, CASES[case], python, binary, options.limit)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        sys.path.insert(0, str(HERE))
        one_peer(sys.argv[2], sys.argv[3], sys.argv[4:])
    else:
        main()
