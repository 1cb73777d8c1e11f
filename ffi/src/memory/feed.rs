//! Subscriptions: what changes, told to those who asked.
#![expect(unsafe_code, reason = "exports have C names")]

use std::sync::{Arc, Mutex};

use bytemuck::{Pod, Zeroable};
use xrmesh::memory::{Event, Notice, Subscription, SubscriptionOptions};

use super::content::{xrmesh_class_id, xrmesh_object_id};
use super::filter::{self, xrmesh_filter};
use super::owner;
use super::publish::removal;
use crate::failure::fail;
use crate::fence::{fence, fence_anywhere};
use crate::handle::{self, Kind, Object, xrmesh_memory, xrmesh_subscription};
use crate::mesh::create::destroy;
use crate::mesh::sender::enter;
use crate::region::{self, xrmesh_region};
use crate::status::*;

/// There was no room for what follows: take a snapshot now and read the whole from it.
pub const XRMESH_NOTICE_MISSED: u32 = 0;
/// The object is new, and in the region.
pub const XRMESH_NOTICE_ADDED: u32 = 1;
/// It was there before and has come into the region, or into the classes.
pub const XRMESH_NOTICE_ENTERED: u32 = 2;
/// It moved within the region; nothing else of it changed.
pub const XRMESH_NOTICE_MOVED: u32 = 3;
/// Something else of it changed, and it may have moved within the region.
pub const XRMESH_NOTICE_CHANGED: u32 = 4;
/// It is still there but no longer in the region, or of another class.
pub const XRMESH_NOTICE_LEFT: u32 = 5;
/// It was in the region and is gone: `removal` says why.
pub const XRMESH_NOTICE_REMOVED: u32 = 6;

/// What became of an object from one published state to the next. 40 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct xrmesh_notice {
    /// The object; 0 with XRMESH_NOTICE_MISSED.
    pub object: xrmesh_object_id,
    /// With XRMESH_REMOVAL_MERGED the object that it is one with.
    pub into: xrmesh_object_id,
    /// The time of the publication.
    pub at_ns: i64,
    /// Its class; of one that left, the one that it had.
    pub class_id: xrmesh_class_id,
    /// XRMESH_NOTICE_*.
    pub event: u32,
    /// With XRMESH_NOTICE_REMOVED: XRMESH_REMOVAL_*.
    pub removal: u32,
    /// Zero.
    pub reserved: u32,
}

impl From<Notice> for xrmesh_notice {
    fn from(notice: Notice) -> Self {
        match notice {
            Notice::Object { id, class, event, at } => {
                let (event, cause) = match event {
                    Event::Added => (XRMESH_NOTICE_ADDED, None),
                    Event::Entered => (XRMESH_NOTICE_ENTERED, None),
                    Event::Moved => (XRMESH_NOTICE_MOVED, None),
                    Event::Left => (XRMESH_NOTICE_LEFT, None),
                    Event::Removed(cause) => (XRMESH_NOTICE_REMOVED, Some(cause)),
                    _ => (XRMESH_NOTICE_CHANGED, None),
                };
                let (removal, into) = cause.map_or((0, 0), removal);
                Self {
                    object: id.to_bits(),
                    into,
                    at_ns: at.as_nanos(),
                    class_id: class.index().into(),
                    event,
                    removal,
                    reserved: 0,
                }
            }
            Notice::Missed { at } => Self { at_ns: at.as_nanos(), ..Self::default() },
            // What this version does not know is read from a snapshot.
            _ => Self::default(),
        }
    }
}

/// What a subscription's handle stands for.
pub(crate) struct SubscriptionObject(Mutex<Subscription>);

impl Object for SubscriptionObject {
    const KIND: Kind = Kind::Subscription;
}

/// Follows what changes, from the next published state on: in `region`, or everywhere if that is NULL, and of
/// the classes that `filter` takes, or of all if that is NULL. At most `queue` notices wait, 1 to 1,048,576,
/// 48 bytes each.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_STRUCT_SIZE,
/// XRMESH_ERROR_GEOMETRY, XRMESH_ERROR_UNKNOWN_VALUE, XRMESH_ERROR_UNKNOWN_CLASS,
/// XRMESH_ERROR_OUT_OF_RANGE, XRMESH_ERROR_LIMIT for 65,536 subscriptions, XRMESH_ERROR_CLOSED if its
/// mesh is gone, XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC. `region` is optional.
/// `filter` is optional.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_subscribe(
    memory: xrmesh_memory,
    region: *const xrmesh_region,
    filter: *const xrmesh_filter,
    queue: u32,
    subscription: *mut xrmesh_subscription,
) -> xrmesh_status {
    fence!(|caller| {
        let out = caller.out(subscription, "subscription")?;
        let options = SubscriptionOptions {
            region: region::read_optional(caller, region)?,
            filter: filter::read(caller, filter)?,
            capacity: queue as usize,
        };
        let made = owner::with(memory, |memory| Ok(memory.subscribe(options)?))?;
        let object = SubscriptionObject(Mutex::new(made));
        out.set(xrmesh_subscription { bits: handle::insert(Arc::new(object))? });
        Ok(XRMESH_OK)
    })
}

/// Takes the notices that wait, the oldest first, at most `capacity`. After XRMESH_NOTICE_MISSED nothing
/// more is told until all was taken: take a snapshot then.
///
/// One at a time, also in callbacks, on any thread, while the memory goes on.
///
/// Returns XRMESH_MORE if more wait, XRMESH_END if none do and the memory is gone.
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_ZERO_CAPACITY,
/// XRMESH_ERROR_MISALIGNED, XRMESH_ERROR_BUSY, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_subscription_poll(
    subscription: xrmesh_subscription,
    notices: *mut xrmesh_notice,
    capacity: u32,
    count: *mut u32,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let count = caller.out(count, "count")?;
        let mut room = caller.room(notices, capacity, "notices")?;
        if capacity == 0 {
            fail!(XRMESH_ERROR_ZERO_CAPACITY, "notices has a capacity of 0");
        }
        let held = handle::pin::<SubscriptionObject>(subscription.bits)?;
        let mut queue = enter(&held.0, "subscription")?;
        // Asked first: what was pushed before it closed is then seen to wait.
        let is_closed = queue.is_closed();
        queue.drain(capacity as usize, |notice| _ = room.push(notice.into()));
        count.set(room.filled() as u32);
        Ok(match (queue.waiting(), room.filled()) {
            (0, 0) if is_closed => XRMESH_END,
            (0, _) => XRMESH_OK,
            _ => XRMESH_MORE,
        })
    })
}

/// Ends a subscription.
///
/// Any thread.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, also for the second of two.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_subscription_destroy(
    subscription: xrmesh_subscription,
) -> xrmesh_status {
    fence!(|_caller| destroy::<SubscriptionObject>(subscription.bits))
}
