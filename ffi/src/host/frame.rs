//! Messages for the host, in the order of their delivery.

use xrmesh::{AgentId, Envelope};

use crate::message::xrmesh_message;
use crate::pointer::Room;

/// Elements and payloads of messages that wait for the host.
#[derive(Debug, Default)]
pub(crate) struct Frame {
    messages: Vec<xrmesh_message>,
    payload: Vec<u8>,
    /// Messages at the front that were taken.
    taken: usize,
    /// Where the messages of each round begin, if the frame is one of many that are to be merged.
    rounds: Vec<(u64, usize)>,
    /// Messages that found it full since it was last asked.
    lost: u64,
}

/// How much a frame holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) messages: u32,
    pub(crate) bytes: u32,
}

/// Payloads begin at multiples of it.
const ALIGN: usize = 8;

/// Why a poll stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Everything was taken.
    Empty,
    /// There is no room for another element.
    Elements,
    /// There is no room for the next payload of so many bytes.
    Payload(u32),
}

impl Frame {
    /// Takes a message in, or counts it as lost if there is no room.
    #[inline]
    pub(crate) fn push(
        &mut self,
        limits: Limits,
        to: AgentId,
        envelope: &Envelope<'_>,
        ask: Option<u32>,
    ) {
        let (bytes, begin) = (envelope.bytes(), self.payload.len().next_multiple_of(ALIGN));
        if self.messages.len() >= limits.messages as usize
            || begin + bytes.len() > limits.bytes as usize
        {
            self.lost += 1;
            return;
        }
        let mut message = xrmesh_message::new(to, envelope);
        message.ask = ask.unwrap_or(message.ask);
        if !bytes.is_empty() {
            self.payload.resize(begin, 0);
            self.payload.extend_from_slice(bytes);
            message.payload_offset = begin as u32;
        }
        self.messages.push(message);
    }

    /// Takes in a message that no envelope carried.
    pub(crate) fn push_own(&mut self, limits: Limits, mut message: xrmesh_message, bytes: &[u8]) {
        let begin = self.payload.len().next_multiple_of(ALIGN);
        if self.messages.len() >= limits.messages as usize
            || begin + bytes.len() > limits.bytes as usize
        {
            self.lost += 1;
            return;
        }
        self.payload.resize(begin, 0);
        self.payload.extend_from_slice(bytes);
        (message.payload_offset, message.payload_len) = (begin as u32, bytes.len() as u32);
        self.messages.push(message);
    }

    /// Notes the round in which the next messages come.
    #[inline]
    pub(crate) fn begin_round(&mut self, round: u64) {
        if self.rounds.last().is_none_or(|&(last, _)| last != round) {
            self.rounds.push((round, self.messages.len()));
        }
    }

    /// The least round whose messages wait, at or after the mark number `mark`.
    pub(crate) fn round(&self, mark: usize) -> Option<u64> {
        self.rounds.get(mark).map(|&(round, _)| round)
    }

    /// Adds the messages of one round of another frame.
    pub(crate) fn append_round(&mut self, other: &Self, mark: usize) {
        let first = other.rounds.get(mark).map_or(0, |&(_, first)| first);
        let end = other.rounds.get(mark + 1).map_or(other.messages.len(), |&(_, first)| first);
        for message in &other.messages[first..end] {
            let (begin, length) = (message.payload_offset as usize, message.payload_len as usize);
            let mut payload_offset = 0;
            if length > 0 {
                let at = self.payload.len().next_multiple_of(ALIGN);
                self.payload.resize(at, 0);
                self.payload.extend_from_slice(&other.payload[begin..begin + length]);
                payload_offset = at as u32;
            }
            self.messages.push(xrmesh_message { payload_offset, ..*message });
        }
    }

    /// Messages that wait.
    pub(crate) fn waiting(&self) -> usize {
        self.messages.len() - self.taken
    }

    /// Whether nothing of it was taken yet.
    pub(crate) fn is_whole(&self) -> bool {
        self.taken == 0
    }

    /// Messages lost since the last call.
    pub(crate) fn take_lost(&mut self) -> u64 {
        core::mem::take(&mut self.lost)
    }

    /// Counts messages as lost that another frame lost.
    pub(crate) fn add_lost(&mut self, lost: u64) {
        self.lost += lost;
    }

    /// All that waits; nothing was taken yet.
    pub(crate) fn parts(&self) -> (&[xrmesh_message], &[u8]) {
        (&self.messages, &self.payload)
    }

    /// Moves what waits into the host's arrays, as much as there is room for.
    pub(crate) fn poll(
        &mut self,
        messages: &mut Room<'_, xrmesh_message>,
        payload: &mut Room<'_, u8>,
    ) -> Stop {
        let waiting = &self.messages[self.taken..];
        if waiting.is_empty() {
            self.clear();
            return Stop::Empty;
        }
        let start = waiting.iter().find(|message| message.payload_len > 0);
        let start = start.map_or(self.payload.len(), |message| message.payload_offset as usize);
        let rest = &self.payload[start..];
        if waiting.len() <= messages.left() && rest.len() <= payload.left() && payload.align(ALIGN)
        {
            // All of it, in two blocks.
            let shift = (payload.filled() as u32).wrapping_sub(start as u32);
            if rest.len() <= payload.left() {
                if shift == 0 {
                    messages.push_all(waiting);
                } else {
                    for message in waiting {
                        messages.push(shifted(*message, shift));
                    }
                }
                payload.push_all(rest);
                self.clear();
                return Stop::Empty;
            }
        }
        let mut stop = Stop::Empty;
        for message in waiting {
            let (begin, length) = (message.payload_offset as usize, message.payload_len as usize);
            if messages.left() == 0 {
                stop = Stop::Elements;
                break;
            }
            if length > 0 && (!payload.align(ALIGN) || payload.left() < length) {
                stop = Stop::Payload(message.payload_len);
                break;
            }
            let at = if length > 0 { payload.filled() as u32 } else { 0 };
            messages.push(xrmesh_message { payload_offset: at, ..*message });
            payload.push_all(&self.payload[begin..begin + length]);
            self.taken += 1;
        }
        if self.waiting() == 0 {
            self.clear();
        }
        stop
    }

    /// Adds all of another frame, which is empty then.
    pub(crate) fn append(&mut self, other: &mut Self) {
        let shift = self.payload.len().next_multiple_of(ALIGN);
        let waiting = &other.messages[other.taken..];
        if !waiting.is_empty() {
            self.payload.resize(shift, 0);
            self.payload.extend_from_slice(&other.payload);
            self.messages.extend(waiting.iter().map(|message| shifted(*message, shift as u32)));
        }
        self.lost += other.take_lost();
        other.clear();
    }

    /// Forgets all messages and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.messages.clear();
        self.payload.clear();
        self.rounds.clear();
        self.taken = 0;
    }
}

fn shifted(message: xrmesh_message, shift: u32) -> xrmesh_message {
    let has = message.payload_len > 0;
    let payload_offset = if has { message.payload_offset.wrapping_add(shift) } else { 0 };
    xrmesh_message { payload_offset, ..message }
}
