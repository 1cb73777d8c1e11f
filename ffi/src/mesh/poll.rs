//! One call a frame: what the host's agents got.
#![expect(unsafe_code, reason = "exports have C names")]

use bytemuck::{Pod, Zeroable};

use crate::failure::{Failure, Outcome, fail};
use crate::fence::fence;
use crate::handle::xrmesh_mesh;
use crate::host::frame::{Frame, Stop};
use crate::log;
use crate::mesh::object::{self, MeshState, Run};
use crate::message::xrmesh_message;
use crate::pointer::{Out, Room};
use crate::status::*;

/// What a poll gave. 24 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct xrmesh_poll_result {
    /// Messages written.
    pub message_count: u32,
    /// Bytes of payload written.
    pub payload_len: u32,
    /// Messages that still wait.
    pub waiting: u32,
    /// Bytes that the next message's payload needs, if it was that which did not fit; else 0.
    pub needed: u32,
    /// Messages that found the frame full since the last poll or lease, and are lost. They count as
    /// delivered.
    pub lost: u64,
}

/// Moves the messages of the host's agents into the host's arrays, as many as fit: elements into
/// `messages`, payloads into `payload`, each at a multiple of 8 bytes. They come in the order of their
/// delivery, the same with any number of workers. NULL with a capacity of 0 is a payload
/// buffer without room, for messages without payload.
///
/// One at a time.
///
/// Returns XRMESH_MORE if messages still wait.
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_MISALIGNED,
/// XRMESH_ERROR_BUSY, XRMESH_ERROR_PANIC; XRMESH_ERROR_ZERO_CAPACITY for no room for a message;
/// XRMESH_ERROR_BUFFER_TOO_SMALL if the first payload does not fit: `result->needed` says how many
/// bytes it has, and nothing was consumed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_poll(
    mesh: xrmesh_mesh,
    messages: *mut xrmesh_message,
    message_capacity: u32,
    payload: *mut u8,
    payload_capacity: u32,
    result: *mut xrmesh_poll_result,
) -> xrmesh_status {
    fence!(|caller| {
        let out = caller.out(result, "result")?;
        let messages = caller.room(messages, message_capacity, "messages")?;
        let payload = caller.room(payload, payload_capacity, "payload")?;
        let object = object::pin(mesh)?;
        let mut state = object.enter()?;
        let mut polled = Polled::begin(messages, payload)?;
        gather_from_driver(&mut state)?;
        let MeshState { run, frames, ready, lost, .. } = &mut *state;
        match run {
            Run::Here(mesh) => {
                if let Some(frame) = frames.single(&mut **mesh) {
                    polled.add(ready);
                    polled.add(frame);
                } else {
                    // Many frames are merged first: so their order is that of one.
                    frames.take(&mut **mesh, ready);
                    polled.add(ready);
                }
            }
            _ => polled.add(ready),
        }
        polled.end(core::mem::take(lost), out)
    })
}

/// A poll on its way: frame by frame into the host's arrays.
pub(crate) struct Polled<'a> {
    messages: Room<'a, xrmesh_message>,
    payload: Room<'a, u8>,
    result: xrmesh_poll_result,
    stop: Stop,
}

impl<'a> Polled<'a> {
    pub(crate) fn begin(
        messages: Room<'a, xrmesh_message>,
        payload: Room<'a, u8>,
    ) -> Result<Self, Failure> {
        if messages.left() == 0 {
            fail!(XRMESH_ERROR_ZERO_CAPACITY, "messages has a capacity of 0");
        }
        let result = xrmesh_poll_result::default();
        Ok(Self { messages, payload, result, stop: Stop::Empty })
    }

    /// What still fits of a frame.
    #[inline]
    pub(crate) fn add(&mut self, frame: &mut Frame) {
        self.result.lost += frame.take_lost();
        if self.stop == Stop::Empty {
            self.stop = frame.poll(&mut self.messages, &mut self.payload);
        }
        self.result.waiting += frame.waiting() as u32;
    }

    /// Says how it went; `lost` were lost besides.
    #[inline]
    pub(crate) fn end(self, lost: u64, out: Out<'_, xrmesh_poll_result>) -> Outcome {
        let Self { messages, payload, mut result, stop } = self;
        result.lost += lost;
        result.message_count = messages.filled() as u32;
        result.payload_len = payload.filled() as u32;
        if let Stop::Payload(needed) = stop {
            result.needed = needed;
        }
        out.set(result);
        tell_lost(result.lost);
        if result.message_count == 0
            && let Stop::Payload(needed) = stop
        {
            let room = payload.left();
            fail!(
                XRMESH_ERROR_BUFFER_TOO_SMALL,
                "the first payload has {needed} bytes, payload has room for {room}"
            );
        }
        Ok(if result.waiting > 0 { XRMESH_MORE } else { XRMESH_OK })
    }
}

/// Takes over what a driven mesh's agents got.
pub(crate) fn gather_from_driver(state: &mut MeshState) -> Result<(), Failure> {
    let MeshState { run, frames, ready, .. } = state;
    if let Run::Driven(driver) = run {
        let frames = std::sync::Arc::clone(frames);
        let mut taken = driver.with(move |mesh| {
            let mut taken = Frame::default();
            frames.take(mesh, &mut taken);
            taken
        })?;
        ready.append(&mut taken);
    }
    Ok(())
}

pub(crate) fn tell_lost(lost: u64) {
    if lost > 0 {
        log::warn(format_args!("{lost} messages found the frame full: poll more often"));
    }
}
