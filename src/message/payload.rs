//! Bytes too large to travel inline, shared by all who receive them.

use core::fmt;
use std::sync::Arc;

/// Bytes that many envelopes may carry without copying: cloning one counts up.
///
/// ```
/// use xrmesh::Payload;
/// let mesh = Payload::from(vec![0_u8; 4096]);
/// assert_eq!(mesh.clone().len(), 4096);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Payload(pub(crate) Arc<Vec<u8>>);

impl core::ops::Deref for Payload {
    type Target = [u8];
    #[inline]
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Payload {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Arc::new(bytes))
    }
}

impl From<&[u8]> for Payload {
    fn from(bytes: &[u8]) -> Self {
        Self(Arc::new(bytes.to_vec()))
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} bytes)", self.len())
    }
}
