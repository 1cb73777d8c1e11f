//! Agent types by name: what can be restarted, recorded and spawned from data.

use core::fmt;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::agent::Agent;
use crate::agent::slabs::{New, Newborn};
use crate::mesh::SpawnError;

type Make = dyn Fn(&[u8]) -> Result<Box<dyn Newborn>, Box<str>> + Send + Sync;

/// Why a type could not be registered, or a processor not be added.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// The name is taken.
    #[error("an agent type is registered as {name:?} already")]
    Taken {
        /// The name given.
        name: Box<str>,
    },
    /// The name is empty or too long for a recording.
    #[error("a name must have 1 to {limit} bytes, given {given}")]
    Length {
        /// Bytes of the name given.
        given: usize,
        /// The most allowed.
        limit: usize,
    },
    /// Another processor has the name.
    #[error("a processor is named {name:?} already")]
    ProcessorTaken {
        /// The name given.
        name: Box<str>,
    },
    /// The mesh has as many processors as it may.
    #[error("the mesh has {limit} processors, as many as are allowed")]
    TooManyProcessors {
        /// The most allowed.
        limit: usize,
    },
    /// A processor's vectors are longer than a payload may be.
    #[error("a processor's vectors of {given} bytes are over limits.max_payload_bytes, {limit}")]
    Vector {
        /// Bytes of its inputs or outputs, whichever are more.
        given: usize,
        /// The most allowed.
        limit: usize,
    },
    /// The session is recorded, and its recording named its processors when it began.
    #[error("the session is recorded: {name:?} can only be added before its recording begins")]
    Recorded {
        /// The name given.
        name: Box<str>,
    },
}

/// The longest name of a type, in bytes.
pub(crate) const MAX_NAME: usize = 255;

/// Factories by name.
#[derive(Default)]
pub(crate) struct Registry {
    types: BTreeMap<Box<str>, Arc<Make>>,
}

/// How an agent came to be, so that it can be made again.
#[derive(Clone)]
pub(crate) struct Birth {
    make: Arc<Make>,
    bytes: Arc<[u8]>,
}

impl Registry {
    pub(crate) fn register<A: Agent, E: fmt::Display>(
        &mut self,
        name: &str,
        factory: impl Fn(&[u8]) -> Result<A, E> + Send + Sync + 'static,
    ) -> Result<(), RegisterError> {
        if name.is_empty() || name.len() > MAX_NAME {
            return Err(RegisterError::Length { given: name.len(), limit: MAX_NAME });
        }
        if self.types.contains_key(name) {
            return Err(RegisterError::Taken { name: name.into() });
        }
        let make = move |bytes: &[u8]| -> Result<Box<dyn Newborn>, Box<str>> {
            match factory(bytes) {
                Ok(agent) => Ok(Box::new(New(agent))),
                Err(error) => Err(error.to_string().into()),
            }
        };
        self.types.insert(name.into(), Arc::new(make));
        Ok(())
    }

    /// Makes an agent, and what is needed to make it again.
    pub(crate) fn make(
        &self,
        name: &str,
        bytes: &[u8],
    ) -> Result<(Box<dyn Newborn>, Birth), SpawnError> {
        let make = self.types.get(name);
        let make = make.ok_or_else(|| SpawnError::UnknownType { name: name.into() })?;
        let birth = Birth { make: Arc::clone(make), bytes: bytes.into() };
        let agent = birth.again().map_err(|reason| SpawnError::Factory {
            name: name.into(),
            given: bytes.len(),
            reason,
        })?;
        Ok((agent, birth))
    }
}

impl Birth {
    /// Makes the agent again. A factory that panics refuses.
    pub(crate) fn again(&self) -> Result<Box<dyn Newborn>, Box<str>> {
        catch_unwind(AssertUnwindSafe(|| (self.make)(&self.bytes))).unwrap_or_else(|payload| {
            core::mem::forget(payload);
            Err("it panicked".into())
        })
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.types.keys()).finish()
    }
}

impl fmt::Debug for Birth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Birth from {} bytes", self.bytes.len())
    }
}
