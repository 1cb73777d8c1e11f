//! The 64-byte message and the work that a handler does on it, the same for every peer.

/// A message of one cache line's length: a 24-byte header and 40 bytes of payload.
///
/// Peers that address a message by its queue leave `target` unused, but still carry it: every peer moves 64 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct Message {
    /// Receiver, as the peer names it.
    pub target: u64,
    /// What the receiver does with it.
    pub kind: Kind,
    /// 1 (most urgent) to 10, or 0 where the case has no priorities.
    pub priority: u16,
    /// Index of the sender.
    pub from: u32,
    /// Sequence number.
    pub stamp: u64,
    /// Payload.
    pub body: [u64; 5],
}

const _: () = assert!(size_of::<Message>() == 64);

/// What a receiver does with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub enum Kind {
    /// Take it in and forward it to a random agent.
    Forward,
    /// Take it in.
    Deliver,
    /// End.
    Stop,
}

impl Message {
    /// Message number `stamp`, its payload following from the number.
    pub fn new(kind: Kind, stamp: u64) -> Self {
        let body = [stamp, stamp ^ MIX, !stamp, stamp.rotate_left(17), stamp.wrapping_mul(MIX)];
        Self { target: 0, kind, priority: 0, from: u32::MAX, stamp, body }
    }
}

/// An odd 64-bit constant with evenly spread bits (2^64 divided by the golden ratio).
const MIX: u64 = 0x9E37_79B9_7F4A_7C15;

/// What a handler changes: one read and one write of these 24 bytes a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// Messages taken in.
    pub count: u64,
    /// Mixed sum of all payload words taken in.
    pub checksum: u64,
    /// Generator of the next receiver; never zero.
    random: u64,
}

impl State {
    /// The state of agent `index`.
    pub fn new(index: usize) -> Self {
        Self { count: 0, checksum: 0, random: (index as u64 + 1).wrapping_mul(MIX) | 1 }
    }

    /// The handler's work: reads the whole payload and changes the state.
    #[inline]
    pub fn take(&mut self, body: &[u64; 5]) {
        self.count += 1;
        let folded = body.iter().fold(0, |sum, word| sum ^ word);
        self.checksum = (self.checksum ^ folded).rotate_left(5).wrapping_mul(MIX);
    }

    /// A random agent below `agents` (xorshift, then a multiply-shift into the range).
    #[inline]
    pub fn pick(&mut self, agents: usize) -> usize {
        let mut random = self.random;
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        self.random = random;
        (((random >> 32) * agents as u64) >> 32) as usize
    }

    /// A priority, 1 to 10, from the bits that the last [`State::pick`] left unused.
    #[inline]
    pub fn priority(&self) -> u16 {
        (((self.random & 0xFFFF_FFFF) * 10) >> 32) as u16 + 1
    }

    /// The payload of the next message: follows from the state, every word written.
    #[inline]
    pub fn body(&self) -> [u64; 5] {
        [self.checksum, self.count, self.random, self.checksum ^ self.random, !self.checksum]
    }
}
