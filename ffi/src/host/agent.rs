//! An agent that the host polls.

use core::time::Duration;
use std::sync::Arc;

use xrmesh::{
    Agent, AskId, Context, Envelope, FailureKind, Fault, Kind, Message, Priority, ProcessorId,
    StateHasher, Time,
};

use super::frames::Frames;
use crate::failure::{Failure, fail};
use crate::log;
use crate::message::*;
use crate::status::*;

/// Questions that one agent has open at most.
const MOST_ASKS: usize = 65_536;

/// What the host wants of its agent, beyond what [`xrmesh_send`] says of itself: in `reserved[0]`.
pub(crate) const INFER: u8 = 1;

/// An agent that the host polls: it gives what it gets to the frame, and does what the host says.
///
/// The host says it in messages of [`COMMAND`]'s kind, which only the host can send: an
/// [`xrmesh_send`] and the payload behind it. The agent does it as its own, in their order.
pub(crate) struct HostAgent {
    frames: Arc<Frames>,
    /// Its open questions: the mesh's number of each, and the host's.
    asks: Vec<(AskId, u32)>,
}

impl HostAgent {
    pub(crate) fn new(frames: Arc<Frames>) -> Self {
        Self { frames, asks: Vec::new() }
    }

    /// The host's number for a question that was answered, and forgets it.
    fn close(&mut self, ask: AskId) -> Option<u32> {
        let at = self.asks.iter().position(|&(open, _)| open == ask)?;
        Some(self.asks.swap_remove(at).1)
    }

    #[cold]
    fn obey(&mut self, context: &mut Context<'_>, command: &[u8]) -> Result<(), Fault> {
        let Some((head, payload)) = command.split_at_checked(size_of::<xrmesh_send>()) else {
            return Err(Fault::new(FailureKind::ProcessingError, "a command that is none"));
        };
        let send: xrmesh_send = bytemuck::pod_read_unaligned(head);
        match self.act(context, &send, payload) {
            Ok(()) => Ok(()),
            Err(failure) => {
                self.tell(context, &send, &failure);
                Err(Fault::new(FailureKind::ResourceExhaustion, "a send of the host was refused"))
            }
        }
    }

    fn act(
        &mut self,
        context: &mut Context<'_>,
        send: &xrmesh_send,
        payload: &[u8],
    ) -> Result<(), Failure> {
        let asks = send.flags & XRMESH_SEND_ASK != 0 || send.reserved[0] == INFER;
        if asks && self.asks.len() >= MOST_ASKS {
            fail!(XRMESH_ERROR_LIMIT, "{MOST_ASKS} questions of the agent are open");
        }
        let wait = Duration::from_nanos(u64::try_from(send.time_ns).unwrap_or(0));
        if send.reserved[0] == INFER {
            let numbers = payload.as_chunks::<4>().0;
            let values: Vec<f32> = numbers.iter().map(|&bytes| f32::from_ne_bytes(bytes)).collect();
            let ask = context.infer(ProcessorId::from_bits(send.count), &values, wait)?;
            self.asks.push((ask, send.ask));
            return Ok(());
        }
        let ask = deliver(context, send, payload)?;
        if let Some(ask) = ask {
            self.asks.push((ask, send.ask));
        }
        Ok(())
    }

    /// Tells the host that its agent could not send.
    fn tell(&self, context: &mut Context<'_>, send: &xrmesh_send, failure: &Failure) {
        log::warn(format_args!("agent {} could not send: {}", context.id(), failure.text));
        let asked = send.flags & XRMESH_SEND_ASK != 0 || send.reserved[0] == INFER;
        let message = xrmesh_message {
            to: context.id().to_bits(),
            sent_at_ns: context.now().as_nanos(),
            deadline_ns: i64::MAX,
            kind: XRMESH_KIND_REFUSED,
            priority: Priority::MOST_URGENT.number(),
            flags: if asked { XRMESH_MESSAGE_ANSWER } else { 0 },
            ask: if asked { send.ask } else { 0 },
            ..Default::default()
        };
        let payload = [4_u64, i64::from(failure.status) as u64];
        self.frames.push_own(context, message, bytemuck::cast_slice(&payload));
    }
}

/// Does what an agent is told to send: a message, a question, an answer, now or later. Gives the
/// question's number.
pub(crate) fn deliver(
    context: &mut Context<'_>,
    send: &xrmesh_send,
    payload: &[u8],
) -> Result<Option<AskId>, Failure> {
    let whole = xrmesh_send { payload_offset: 0, payload_len: payload.len() as u32, ..*send };
    let (target, message) = whole.parse(payload)?;
    send_as(context, send, target, message).map(|(_, ask)| ask)
}

/// The same for what was parsed; gives the envelope's number, too, 0 for a question.
pub(crate) fn send_as(
    context: &mut Context<'_>,
    send: &xrmesh_send,
    target: xrmesh::Target,
    message: Message<'_>,
) -> Result<(u64, Option<AskId>), Failure> {
    let time = send.time_ns;
    match send.flags & (XRMESH_SEND_ASK | XRMESH_SEND_ANSWER | XRMESH_SEND_AT) {
        0 => Ok((context.send(target, message)?.to_bits(), None)),
        XRMESH_SEND_ASK => {
            let Ok(wait) = u64::try_from(time) else {
                fail!(
                    XRMESH_ERROR_OUT_OF_RANGE,
                    "a question's time is {time} ns, expected 0 or more"
                );
            };
            let to = xrmesh_send::one(target)?;
            Ok((0, Some(context.ask(to, message, Duration::from_nanos(wait))?)))
        }
        XRMESH_SEND_ANSWER => {
            let (asker, ask) = (xrmesh_send::one(target)?, AskId::from_bits(send.ask));
            Ok((context.answer(asker, ask, message)?.to_bits(), None))
        }
        XRMESH_SEND_AT => {
            let to = xrmesh_send::one(target)?;
            Ok((context.send_at(Time::from_nanos(time), to, message)?.to_bits(), None))
        }
        _ => fail!(
            XRMESH_ERROR_UNKNOWN_VALUE,
            "of XRMESH_SEND_ASK, XRMESH_SEND_ANSWER and XRMESH_SEND_AT one at most can be said"
        ),
    }
}

impl Agent for HostAgent {
    #[inline]
    fn on_message(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        if envelope.kind().to_bits() == COMMAND && envelope.from().is_none() {
            return self.obey(context, envelope.bytes());
        }
        let ask = match envelope.answer_to() {
            Some(ask) => self.close(ask),
            None => None,
        };
        self.frames.push(context, envelope, ask);
        Ok(())
    }

    fn hash_state(&self, hasher: &mut StateHasher) {
        hasher.u32(self.asks.len() as u32);
        for (ask, number) in &self.asks {
            hasher.u32(ask.to_bits());
            hasher.u32(*number);
        }
    }
}

/// The kind of commands.
pub(crate) fn command() -> Kind {
    Kind::user(Kind::MAX_USER)
}
