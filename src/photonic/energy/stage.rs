//! What light passes from its modulators to its detectors, counted.

use super::super::activation::Activation;
use super::super::complex::wrap_phase;
use super::super::interferometer::ElementLoss;
use super::super::lattice::{Lattice, Layout};
use super::super::processor::Layer;
use super::super::weight_bank::WeightBank;
use super::PartsList;

/// One stage (rule 1).
#[derive(Debug, Clone, PartialEq)]
pub(in crate::photonic) struct Stage {
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) multiply_accumulates: usize,
    /// Columns of interferometers.
    pub(super) depth: usize,
    /// Σ φ over all shifters.
    pub(super) phases_rad: f64,
    columns: Vec<Columns>,
    /// α of each electro-optic activation, and on how many outputs.
    taps: Vec<(f64, usize)>,
}

/// Columns that lose alike.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Columns {
    count: usize,
    loss: ElementLoss,
    /// Shifters on one path through an element.
    shifters: f64,
}

impl Columns {
    fn loss_db(&self, parts: &PartsList) -> f64 {
        let loss = if self.loss == ElementLoss::NONE { parts.element_loss() } else { self.loss };
        let element_db = 2.0 * loss.coupler_db + self.shifters * loss.shifter_db + loss.arm_db;
        self.count as f64 * element_db
    }
}

impl Stage {
    fn empty() -> Self {
        Self {
            inputs: 0,
            outputs: 0,
            multiply_accumulates: 0,
            depth: 0,
            phases_rad: 0.0,
            columns: Vec::new(),
            taps: Vec::new(),
        }
    }

    /// The stages of a processor, in the light's order.
    pub(in crate::photonic) fn of_layers(layers: &[Layer]) -> Vec<Self> {
        let (mut stages, mut now) = (Vec::new(), Self::empty());
        for (at, Layer { bank, activation }) in layers.iter().enumerate() {
            now.pass_bank(bank);
            if let Activation::ElectroOptic { tap, .. } = *activation {
                now.taps.push((tap, bank.outputs()));
            }
            let detected = matches!(activation, Activation::Relu | Activation::Power);
            if detected || at + 1 == layers.len() {
                stages.push(core::mem::replace(&mut now, Self::empty()));
            }
        }
        stages
    }

    /// The one stage of a single lattice.
    pub(in crate::photonic) fn of_lattice(lattice: &Lattice, activation: Activation) -> Self {
        let mut stage = Self::empty();
        let modes = lattice.modes();
        (stage.inputs, stage.outputs) = (modes, modes);
        stage.multiply_accumulates = modes * modes;
        stage.pass_lattice(lattice);
        if let Activation::ElectroOptic { tap, .. } = activation {
            stage.taps.push((tap, modes));
        }
        stage
    }

    /// What light loses from the laser to the detectors (rules 2, 4, 7).
    pub(super) fn loss_db(&self, parts: &PartsList) -> f64 {
        let chip: f64 = self.columns.iter().map(|columns| columns.loss_db(parts)).sum();
        let through_taps: f64 = self
            .taps
            .iter()
            .map(|(tap, _)| parts.modulator_loss_db - 10.0 * libm::log10(1.0 - tap))
            .sum();
        2.0 * parts.facet_loss_db + parts.modulator_loss_db + chip + through_taps
    }

    /// Outputs that electro-optic activations detect and modulate on the way.
    pub(super) fn tapped(&self) -> usize {
        self.taps.iter().map(|(_, outputs)| outputs).sum()
    }

    /// Electro-optic activations on the way.
    pub(super) fn activations(&self) -> usize {
        self.taps.len()
    }

    fn pass_bank(&mut self, bank: &WeightBank) {
        let (inputs, outputs) = (bank.inputs(), bank.outputs());
        if self.columns.is_empty() {
            self.inputs = inputs;
        }
        self.outputs = outputs;
        self.multiply_accumulates += inputs * outputs;
        self.pass_lattice(bank.right());
        // The attenuators are elements of the rectangular kind.
        let loss = bank.attenuators().first().map_or(ElementLoss::NONE, |element| element.loss);
        self.pass_columns(Columns { count: 1, loss, shifters: 2.0 });
        self.phases_rad += bank
            .attenuators()
            .iter()
            .map(|element| wrap_phase(element.theta_rad) + wrap_phase(element.phi_rad))
            .sum::<f64>();
        self.pass_lattice(bank.left());
    }

    fn pass_lattice(&mut self, lattice: &Lattice) {
        let plan = lattice.plan();
        let shifters = if plan.layout() == Layout::Compact { 1.0 } else { 2.0 };
        // A single mode has no interferometer, but its output shifter takes a column's place.
        let count = plan.columns().max(1);
        self.pass_columns(Columns { count, loss: lattice.loss(), shifters });
        self.phases_rad += lattice.phases().map(wrap_phase).sum::<f64>();
    }

    fn pass_columns(&mut self, columns: Columns) {
        self.depth += columns.count;
        self.columns.push(columns);
    }
}
