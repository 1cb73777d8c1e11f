//! A mesh that is ticked, its time, and the check of its account.

use xrmesh::{Budget, Config, Mesh, TickReport, Time};

use crate::harness::Failure;

/// The bytes of a payload that an envelope has room for.
pub const INLINE: usize = xrmesh::INLINE_BYTES;

/// The kind of every message here.
pub const KIND: xrmesh::Kind = xrmesh::Kind::user(1);

/// Mesh time that passes in a tick where nothing depends on it.
pub const INSTANT_NS: i64 = 1;

/// The configuration of a mesh for `agents` agents on `workers` threads: defaults, but for the outboxes, which hold
/// what the cases have in flight.
pub fn config(agents: usize, workers: u32) -> Config {
    let mut config = Config::default();
    config.mesh.max_agents = u32::try_from(agents).unwrap_or(u32::MAX);
    config.processing.max_workers = workers;
    config.limits.outbox_capacity = 1 << 20;
    config
}

/// The first `BYTES` bytes of a payload.
#[inline]
pub fn cut<const BYTES: usize>(body: &[u64; 5]) -> [u8; BYTES] {
    let mut whole = [0; 40];
    for (bytes, word) in whole.chunks_exact_mut(8).zip(body) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    let mut bytes = [0; BYTES];
    bytes.copy_from_slice(&whole[..BYTES]);
    bytes
}

/// A payload from its first `BYTES` bytes.
#[inline]
pub fn widen<const BYTES: usize>(bytes: &[u8]) -> [u64; 5] {
    let mut whole = [0; 40];
    if let Ok(bytes) = <&[u8; BYTES]>::try_from(bytes) {
        whole[..BYTES].copy_from_slice(bytes);
    }
    let mut body = [0; 5];
    for (word, bytes) in body.iter_mut().zip(whole.chunks_exact(8)) {
        *word = bytes.try_into().map_or(0, u64::from_le_bytes);
    }
    body
}

/// A mesh and its time line.
pub struct Session {
    pub mesh: Mesh,
    now_ns: i64,
    step_ns: i64,
}

impl Session {
    /// A mesh whose time passes by `step_ns` a tick.
    pub fn start(config: Config, step_ns: i64) -> Result<Self, Failure> {
        Ok(Self { mesh: Mesh::new(config).map_err(Failure::broken)?, now_ns: 0, step_ns })
    }

    /// A tick without a budget.
    #[inline]
    pub fn tick(&mut self) -> Result<TickReport, Failure> {
        self.now_ns += self.step_ns;
        self.mesh.tick(Time::from_nanos(self.now_ns), Budget::unlimited()).map_err(Failure::broken)
    }

    /// A tick that must deliver exactly `expected` messages.
    #[inline]
    pub fn tick_of(&mut self, expected: u64) -> Result<u64, Failure> {
        match self.tick()?.delivered {
            handled if handled == expected => Ok(handled),
            handled => Err(Failure::Lost { sent: expected, handled }),
        }
    }

    /// Checks the mesh's account against what the handlers counted.
    pub fn check(&self, handled: u64) -> Result<(), Failure> {
        let counters = self.mesh.counters();
        if !counters.balanced() {
            return Err(Failure::broken(format!("the account does not balance: {counters:?}")));
        }
        match counters.delivered() {
            sent if sent == handled => Ok(()),
            sent => Err(Failure::Lost { sent, handled }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::State;

    #[test]
    fn a_payload_is_cut_and_widened_again() {
        let body = State::new(7).body();
        assert_eq!(widen::<40>(&cut::<40>(&body)), body);
        let short = widen::<28>(&cut::<28>(&body));
        assert_eq!(short[..3], body[..3]);
        assert_eq!(short[3], body[3] & 0xFFFF_FFFF);
        assert_eq!(short[4], 0);
    }
}
