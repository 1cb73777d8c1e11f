//! Spiking devices: leaky integrate-and-fire layers, networks of them, and the Yamada laser.
//!
//! 1. Between steps of length dt a neuron's potential relaxes exactly: v ← I + (v − I) e^{−dt/τ}, I
//!    being held.
//! 2. One step n goes in this order, for all neurons: integrate, unless n − n_spike < t_ref/dt;
//!    compare, v > v_th and not refractory, strictly; add the kicks of the spikes of step n −
//!    delay/dt; reset who fired, so that a kick in the firing step is lost. Whether a kick reaches
//!    a refractory neuron is [`RefractoryKicks`]: by default it is lost too, as with Brian2's
//!    `(unless refractory)`. A spike is stamped n·dt.
//! 3. Where a layer has no recurrence all its steps are one product of spikes and weights, then one
//!    pass over its neurons. With recurrence it advances by as many steps as the shortest delay at
//!    a time. Both give the bits of a step-by-step run, and so does any split of a run into
//!    several.
//! 4. State is saved and restored whole: potentials, refractory ends and the kicks under way.
//! 5. Potentials are `f64`, as Brian2's: a spike's step hangs on a comparison, and with recurrence
//!    one spike that a rounding moves by a step moves all that follow.
//! 6. AVX-512, AVX2 and portable code give the same bits, because none fuses or reassociates. Where
//!    that costs speed is said in `kernel.rs`.
//!
//! Sources: exact integration: S. Rotter, M. Diesmann, Biol. Cybern. 81, 381 (1999),
//! <https://doi.org/10.1007/s004220050570>; the model: W. Gerstner et al., "Neuronal Dynamics"
//! (Cambridge 2014), chapter 1.

mod kernel;
mod laser;
mod laser_layer;
mod layer;
mod network;
mod neuron;
mod pending;
mod raster;
mod synapse;

pub use laser::{LaserState, YamadaLaser, YamadaParameters};
pub use laser_layer::{FIRING_INTENSITY, LaserLayer};
pub use layer::LeakyLayer;
pub use network::SpikingNetwork;
pub use neuron::{Drive, LeakyParameters, LeakyState, RefractoryKicks, Stimulus};
pub use raster::{MOST_RASTER_SIDE, SpikeRaster};
pub use synapse::{MOST_DELAY_STEPS, MOST_NEURONS, Synapse, Synapses};
