//! Spiking devices.
