//! What waits for a time.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use crate::id::AgentId;
use crate::message::packet::Packet;
use crate::time::Time;

/// What is due.
#[derive(Debug)]
pub(crate) enum Due {
    /// An envelope to one agent, its original id and time in its annex.
    Deliver(Packet),
    /// A run of `on_tick`.
    Wake(AgentId),
}

/// A heap by due time, then by the order in which things were put in.
#[derive(Debug, Default)]
pub(crate) struct Timer {
    heap: BinaryHeap<Reverse<Entry>>,
    entered: u64,
    /// The envelopes, by index, and which indices are free.
    packets: Vec<Packet>,
    free: Vec<u32>,
    /// Payload bytes outside the packets.
    bytes: u64,
}

#[derive(Debug)]
struct Entry {
    at: Time,
    order: u64,
    what: What,
}

#[derive(Debug, Clone, Copy)]
enum What {
    Deliver(u32),
    Wake(AgentId),
}

impl Timer {
    /// Puts in an envelope that is due at `at`.
    pub(crate) fn delay(&mut self, at: Time, packet: Packet) {
        self.bytes += packet.outside_bytes();
        let index = match self.free.pop() {
            Some(index) => {
                self.packets[index as usize] = packet;
                index
            }
            None => {
                self.packets.push(packet);
                self.packets.len() as u32 - 1
            }
        };
        self.push(at, What::Deliver(index));
    }

    /// Puts in a wake of an agent.
    pub(crate) fn wake(&mut self, at: Time, agent: AgentId) {
        self.push(at, What::Wake(agent));
    }

    fn push(&mut self, at: Time, what: What) {
        self.heap.push(Reverse(Entry { at, order: self.entered, what }));
        self.entered += 1;
    }

    /// The next time at which something is due; `Time::MAX` if nothing is.
    #[inline]
    pub(crate) fn next(&self) -> Time {
        self.heap.peek().map_or(Time::MAX, |Reverse(entry)| entry.at)
    }

    /// Takes what is due at `now`, in order.
    pub(crate) fn pop(&mut self, now: Time) -> Option<Due> {
        if self.next() > now {
            return None;
        }
        let Reverse(entry) = self.heap.pop()?;
        Some(match entry.what {
            What::Deliver(index) => {
                self.free.push(index);
                let place = &mut self.packets[index as usize];
                let packet = core::mem::replace(place, Packet::EMPTY);
                self.bytes -= packet.outside_bytes();
                Due::Deliver(packet)
            }
            What::Wake(agent) => Due::Wake(agent),
        })
    }

    /// Envelopes that wait here.
    pub(crate) fn delayed(&self) -> u64 {
        (self.packets.len() - self.free.len()) as u64
    }

    /// Payload bytes that wait here.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Calls `each` with everything that waits, by time and order: when, and the envelope or agent.
    pub(crate) fn for_each(&self, mut each: impl FnMut(Time, Result<&Packet, AgentId>)) {
        let mut entries: Vec<_> = self.heap.iter().map(|Reverse(entry)| entry).collect();
        entries.sort_unstable();
        for entry in entries {
            each(
                entry.at,
                match entry.what {
                    What::Deliver(index) => Ok(&self.packets[index as usize]),
                    What::Wake(agent) => Err(agent),
                },
            );
        }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.heap.capacity() * size_of::<Reverse<Entry>>()
            + self.packets.capacity() * size_of::<Packet>()
            + self.free.capacity() * size_of::<u32>()
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}
