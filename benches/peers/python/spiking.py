"""The spiking cases: each function prepares a peer and returns the call to be timed."""

import numpy as np

DT_MS = 0.1
TAU_MS = 10.0
REFRACTORY_MS = 2.0
COUNT = 1000
STEPS = 10_000
SIZES = (512, 1024, 512, 256)


def brian2_leaky_neurons(recurrence=0.0):
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
    return lambda: network.run(duration)


def snntorch_leaky_neurons():
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

    return work


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


def torch_network(share):
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

    return work


def snntorch_network(share):
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

    return work
