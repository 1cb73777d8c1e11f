"""Times Brian2 and snnTorch on the cases of benches/spiking.rs, one thread each.

Prints `case<TAB>peer<TAB>median in seconds` lines, the seconds being CPU time. Run it in a virtual environment with
brian2==2.10.1, cython, torch and snntorch==1.0.0; a peer that is missing is left out, with a line on standard error.
"""

import os

# Before any peer starts its threads.
for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"

import statistics
import sys
import time

import numpy as np

DT_MS = 0.1
TAU_MS = 10.0
REFRACTORY_MS = 2.0
COUNT = 1000
STEPS = 10_000
SIZES = (512, 1024, 512, 256)


def median_cpu_seconds(work, repeats):
    """The median CPU time of `work()` over `repeats` calls, after one that is not counted."""
    work()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return statistics.median(times)


def brian2_leaky_neurons(recurrence=0.0, repeats=7):
    """1,000 leaky neurons for 1 s, compiled by Brian2's Cython target, spikes recorded."""
    import brian2 as b2

    b2.prefs.codegen.target = "cython"
    b2.start_scope()
    b2.defaultclock.dt = DT_MS * b2.ms
    equations = f"""
    dv/dt = (I - v)/({TAU_MS}*ms) : 1 (unless refractory)
    I : 1
    """
    group = b2.NeuronGroup(
        COUNT, equations, threshold="v > 1", reset="v = 0",
        refractory=REFRACTORY_MS * b2.ms, method="exact",
    )
    group.I = np.linspace(0.9, 2.1, COUNT)
    parts = [group, b2.SpikeMonitor(group)]
    if recurrence:
        random = np.random.default_rng(1)
        source, target = np.nonzero(random.random((COUNT, COUNT)) < recurrence)
        synapses = b2.Synapses(group, group, "w : 1", on_pre="v_post += w", delay=1.5 * b2.ms)
        synapses.connect(i=source, j=target)
        synapses.w = 0.02 * random.standard_normal(len(source))
        parts.append(synapses)
    network = b2.Network(*parts)
    duration = STEPS * DT_MS * b2.ms
    return median_cpu_seconds(lambda: network.run(duration), repeats)


def snntorch_leaky_neurons(repeats=5):
    """The same neurons without refractory time, which snnTorch does not have; all steps, spikes recorded."""
    import snntorch
    import torch

    torch.set_num_threads(1)
    decay = float(np.exp(-DT_MS / TAU_MS))
    neuron = snntorch.Leaky(beta=decay, threshold=1.0, reset_mechanism="zero")
    drive = torch.linspace(0.9, 2.1, COUNT) * (1.0 - decay)

    def work():
        with torch.no_grad():
            membrane = neuron.init_leaky()
            spikes = []
            for _ in range(STEPS):
                spike, membrane = neuron(drive, membrane)
                spikes.append(spike)
            return torch.stack(spikes)

    return median_cpu_seconds(work, repeats)


def _network(share):
    import torch

    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(2)
    weights = [
        torch.randn(wide, narrow, generator=generator) * 2.0 / wide**0.5
        for wide, narrow in zip(SIZES, SIZES[1:])
    ]
    spikes = (torch.rand(100, SIZES[0], generator=generator) < share).float()
    return weights, spikes


def torch_network(share=0.2, repeats=15):
    """512-1024-512-256 for 100 steps: each layer one product over all steps, then a loop of whole-layer operations."""
    import torch

    weights, spikes = _network(share)
    decay = float(np.exp(-0.1))

    def work():
        with torch.no_grad():
            rows = spikes
            for weight in weights:
                kicks = rows @ weight
                potential = torch.zeros(weight.shape[1])
                fired = []
                for kick in kicks:
                    potential = potential * decay
                    spike = (potential > 1.0).float()
                    potential = (potential + kick) * (1.0 - spike)
                    fired.append(spike)
                rows = torch.stack(fired)
            return rows

    return median_cpu_seconds(work, repeats)


def snntorch_network(share=0.2, repeats=7):
    """The same sizes with snnTorch's own neurons, step by step as its documentation does."""
    import snntorch
    import torch

    weights, spikes = _network(share)
    neurons = [snntorch.Leaky(beta=float(np.exp(-0.1)), reset_mechanism="zero") for _ in weights]

    def work():
        with torch.no_grad():
            potentials = [neuron.init_leaky() for neuron in neurons]
            fired = []
            for row in spikes:
                for index, (weight, neuron) in enumerate(zip(weights, neurons)):
                    row, potentials[index] = neuron(row @ weight, potentials[index])
                fired.append(row)
            return torch.stack(fired)

    return median_cpu_seconds(work, repeats)


CASES = (
    ("1000 leaky neurons, 1 s", "Brian2 2.10.1", brian2_leaky_neurons),
    ("1000 leaky neurons, 1 s", "snnTorch 1.0.0", snntorch_leaky_neurons),
    (
        "1000 leaky neurons, 1 s, 2 % recurrence",
        "Brian2 2.10.1",
        lambda: brian2_leaky_neurons(recurrence=0.02),
    ),
    ("network 512-1024-512-256, 100 steps", "torch", torch_network),
    ("network 512-1024-512-256, 100 steps", "snnTorch 1.0.0", snntorch_network),
)


def main():
    for case, peer, measure in CASES:
        try:
            seconds = measure()
        except ImportError as error:
            print(f"{case}: {peer} left out: {error}", file=sys.stderr)
            continue
        print(f"{case}\t{peer}\t{seconds:.6f}", flush=True)


if __name__ == "__main__":
    main()
