//! The hash over an agent's or a mesh's state.

use std::hash::Hasher;

use twox_hash::XxHash64;

/// Takes in state for the mesh's state hash: XXH64, the same on every machine and version.
///
/// Floats are canonical: −0 counts as 0, and every not-a-number as the same one.
///
/// ```
/// use xrmesh::StateHasher;
/// let hash = |x: f32| { let mut h = StateHasher::new(); h.f32(x); h.finish() };
/// assert_eq!(hash(0.0), hash(-0.0));
/// assert_ne!(hash(0.0), hash(1.0));
/// ```
#[derive(Debug, Default)]
pub struct StateHasher(XxHash64);

impl StateHasher {
    /// An empty hash.
    #[must_use]
    pub fn new() -> Self {
        Self(XxHash64::with_seed(0))
    }

    /// Takes in bytes. Put the length first where it may vary.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    /// Takes in a truth value.
    pub fn bool(&mut self, value: bool) {
        self.bytes(&[u8::from(value)]);
    }

    /// Takes in an integer.
    pub fn u32(&mut self, value: u32) {
        self.bytes(&value.to_le_bytes());
    }

    /// Takes in an integer.
    pub fn u64(&mut self, value: u64) {
        self.bytes(&value.to_le_bytes());
    }

    /// Takes in a float, canonical.
    pub fn f32(&mut self, value: f32) {
        self.u32(if value.is_nan() { 0x7fc0_0000 } else { (value + 0.0).to_bits() });
    }

    /// Takes in a float, canonical.
    pub fn f64(&mut self, value: f64) {
        self.u64(if value.is_nan() { 0x7ff8_0000_0000_0000 } else { (value + 0.0).to_bits() });
    }

    /// Takes in a pose: position, then orientation.
    pub fn pose(&mut self, pose: &crate::space::Pose) {
        let (position, orientation) = (pose.position(), pose.orientation());
        for value in position.to_array() {
            self.f32(value);
        }
        for value in [orientation.x, orientation.y, orientation.z, orientation.w] {
            self.f32(value);
        }
    }

    /// The hash of what was taken in so far.
    #[must_use]
    pub fn finish(&self) -> u64 {
        self.0.finish()
    }
}
