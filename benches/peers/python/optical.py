"""The optical cases: each function prepares a peer and returns the call to be timed."""

import numpy as np

RANDOM = np.random.default_rng(1)


def _normal(*shape):
    return RANDOM.normal(size=shape) + 1j * RANDOM.normal(size=shape)


def _haar(n):
    q, r = np.linalg.qr(_normal(n, n))
    return q * (np.diag(r) / abs(np.diag(r)))


def numpy_dense():
    w, x = _haar(256).astype(np.complex64), _normal(256, 256).astype(np.complex64)
    return lambda: w @ x


def interferometer_decompose(n):
    import interferometer

    u = _haar(n)
    return lambda: interferometer.square_decomposition(u)


def neuroptica_batch():
    import neuroptica

    layer, x = neuroptica.ClementsLayer(256), _normal(256, 256)
    return lambda: layer.forward_pass(x)


def neuroptica_gradient():
    import neuroptica

    layer, x = neuroptica.ClementsLayer(256), _normal(256, 256)
    return lambda: (layer.forward_pass(x), layer.backward_pass(x))
