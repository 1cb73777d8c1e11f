//! Simulated photonic devices: rings, modulators, converters, detectors, phase-change cells and
//! spiking neurons.

pub mod converter;
pub mod detector;
pub mod energy;
pub mod modulator;
pub mod parameter;
pub mod pcm;
pub mod ring;
pub mod spike;
pub mod thermal;
pub mod wdm;
