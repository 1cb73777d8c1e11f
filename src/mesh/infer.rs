//! Processors, from the host's side.

use crate::agent::infer::ProcessorId;
use crate::agent::view::ProcessorShape;
use crate::dispatch::infer::Inferences;
use crate::mesh::registry::MAX_NAME;
use crate::mesh::{Mesh, RegisterError};
use crate::photonic::Device;

/// Processors that a mesh has at most.
const MOST_PROCESSORS: usize = 256;

/// Processors.
impl Mesh {
    /// Adds a processor that agents can think with: see [`Context::infer`](crate::Context::infer).
    ///
    /// Like agent types, processors belong to what a session is made of: a recording names those that
    /// were added before it began, and its [`Replay`](crate::Replay) needs the same, added in the same
    /// order by the closure that registers the types. While a session is recorded none can be added.
    ///
    /// ```
    /// use ndarray::array;
    /// use xrmesh::photonic::{Activation, Device, Layout, PhotonicProcessor};
    /// use xrmesh::{Config, Mesh};
    ///
    /// let weights = array![[1.0, -1.0], [0.5, 2.0]];
    /// let design =
    ///     PhotonicProcessor::from_real(&[weights.view()], Activation::Relu, Layout::Rectangular)?;
    /// let mut mesh = Mesh::new(Config::default())?;
    /// let id = mesh.add_processor("gestures", Device::new(design, None)?)?;
    /// assert_eq!(id.to_bits(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`RegisterError::Length`], [`RegisterError::ProcessorTaken`],
    /// [`RegisterError::TooManyProcessors`], [`RegisterError::Vector`] if its vectors are longer than
    /// payloads may be, [`RegisterError::Recorded`].
    pub fn add_processor(
        &mut self,
        name: &str,
        device: Device,
    ) -> Result<ProcessorId, RegisterError> {
        let (known, limit) = (&mut self.engine.view.processors, MOST_PROCESSORS);
        if name.is_empty() || name.len() > MAX_NAME {
            return Err(RegisterError::Length { given: name.len(), limit: MAX_NAME });
        }
        if known.iter().any(|processor| *processor.name == *name) {
            return Err(RegisterError::ProcessorTaken { name: name.into() });
        }
        if known.len() >= limit {
            return Err(RegisterError::TooManyProcessors { limit });
        }
        let (inputs, outputs) = (device.inputs(), device.outputs());
        let limit = self.config.limits.max_payload_bytes as usize;
        let given = inputs.max(outputs).saturating_mul(size_of::<f32>());
        if given > limit {
            return Err(RegisterError::Vector { given, limit });
        }
        if self.recorder.is_some() {
            return Err(RegisterError::Recorded { name: name.into() });
        }
        let id = ProcessorId::from_bits(known.len() as u32);
        let (inputs, outputs) = (inputs as u32, outputs as u32);
        known.push(ProcessorShape { name: name.into(), inputs, outputs });
        self.engine.processors.add(device);
        Ok(id)
    }

    /// The account of the vectors that agents submitted.
    #[must_use]
    pub fn inferences(&self) -> Inferences {
        self.engine.processors.account()
    }
}
