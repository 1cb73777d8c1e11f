//! The limits of a memory, as C has them.
#![expect(unsafe_code, reason = "exports have C names")]

use core::time::Duration;

use xrmesh::memory::{Durability, HistoryConfig, JournalConfig, MemoryConfig, WhenFull};

use crate::failure::{Failure, fail};
use crate::fence::fence_anywhere;
use crate::pointer::{Caller, extensible};
use crate::status::*;
use crate::version::XRMESH_ABI_VERSION;

/// A new object takes the place of the least persistent one.
pub const XRMESH_WHEN_FULL_EVICT: u32 = 0;
/// A new object is refused.
pub const XRMESH_WHEN_FULL_REFUSE: u32 = 1;

/// Each move, observation and ageing is written to the store.
pub const XRMESH_DURABILITY_EACH: u32 = 0;
/// The last of each object is written once in so many published states, or by a flush.
pub const XRMESH_DURABILITY_INTERVAL: u32 = 1;
/// They stand in checkpoints only, and count as certain at once.
pub const XRMESH_DURABILITY_SNAPSHOT: u32 = 2;

/// The limits of a memory. Fill it by `xrmesh_memory_options_default`: 100,000 objects, no past. Memory
/// is taken as it is used: about 175 bytes an object, its attributes and its name apart.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct xrmesh_memory_options {
    /// The size of this struct.
    pub struct_size: u32,
    /// XRMESH_ABI_VERSION, as the host was compiled with it.
    pub abi_version: u32,
    /// The most objects at one time: 1 to 2²⁸.
    pub max_objects: u32,
    /// XRMESH_WHEN_FULL_*.
    pub when_full: u32,
    /// The most class labels: 1 to 65,536.
    pub max_classes: u32,
    /// The most anchors: 0 to 2²⁴.
    pub max_anchors: u32,
    /// The most areas: 0 to 2²⁴.
    pub max_areas: u32,
    /// The most ids of merged objects that still find the other: 0 to 2²⁰.
    pub max_aliases: u32,
    /// The longest attributes of one object, in bytes: 0 to 2³⁰.
    pub max_attribute_bytes: u32,
    /// The longest label or name, in bytes: 1 to 65,535.
    pub max_name_bytes: u32,
    /// The most corners of an area: 3 to 65,536.
    pub max_area_corners: u32,
    /// The most states, beside the current one, that snapshots hold when another is published: 1 to
    /// 4,096.
    pub max_snapshots: u32,
    /// How many objects one publication places anew at most after an anchor was corrected: 1 to 2²⁸.
    pub correction_budget: u32,
    /// XRMESH_DURABILITY_*: how soon moves, observations and ageing are written, for classes of which
    /// `xrmesh_memory_set_durability` says nothing else. All other changes are always written at once.
    pub durability: u32,
    /// With XRMESH_DURABILITY_INTERVAL: published states, at least 1.
    pub durability_ticks: u32,
    /// How much gathers before it becomes a block of the log, in bytes: 1 KiB to 16 MiB.
    pub block_bytes: u32,
    /// How many bytes held snapshots may keep that the memory itself no longer needs.
    pub max_snapshot_bytes: u64,
    /// The most bytes that the past takes: 0 for no past, at most 2⁴⁰.
    pub history_bytes: u64,
    /// How far the past reaches back, at most, in nanoseconds; not negative.
    pub history_ns: i64,
    /// A log file is ended beyond so many bytes: from 4 KiB.
    pub file_bytes: u64,
    /// Room kept ahead in a file, in bytes: 0 to 1 GiB.
    pub reserve_bytes: u64,
    /// From so many bytes that wait, the writer writes them itself, without a sync.
    pub write_behind_bytes: u64,
    /// The most bytes that may wait while a flush writes; beyond it changes are refused.
    pub backlog_bytes: u64,
}

extensible!(xrmesh_memory_options);

/// Fills the options with their defaults. NULL is let be.
///
/// Any thread, also in callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_options_default(options: *mut xrmesh_memory_options) {
    fence_anywhere!(
        quiet | caller | {
            caller.out(options, "options")?.set(plain());
            Ok(XRMESH_OK)
        }
    );
}

fn plain() -> xrmesh_memory_options {
    let config = MemoryConfig::default();
    let (durability, durability_ticks) = match config.durability {
        Durability::Each => (XRMESH_DURABILITY_EACH, 1),
        Durability::Interval(ticks) => (XRMESH_DURABILITY_INTERVAL, ticks),
        _ => (XRMESH_DURABILITY_SNAPSHOT, 1),
    };
    xrmesh_memory_options {
        struct_size: size_of::<xrmesh_memory_options>() as u32,
        abi_version: XRMESH_ABI_VERSION,
        max_objects: config.max_objects,
        when_full: match config.when_full {
            WhenFull::Refuse => XRMESH_WHEN_FULL_REFUSE,
            _ => XRMESH_WHEN_FULL_EVICT,
        },
        max_classes: config.max_classes,
        max_anchors: config.max_frames,
        max_areas: config.max_areas,
        max_aliases: config.max_aliases,
        max_attribute_bytes: config.max_attribute_bytes,
        max_name_bytes: config.max_name_bytes,
        max_area_corners: config.max_area_corners,
        max_snapshots: config.max_snapshots,
        correction_budget: config.correction_budget,
        durability,
        durability_ticks,
        block_bytes: config.journal.block_bytes as u32,
        max_snapshot_bytes: config.max_snapshot_bytes,
        history_bytes: config.history.max_bytes,
        history_ns: config.history.max_age.as_nanos() as i64,
        file_bytes: config.journal.file_bytes,
        reserve_bytes: config.journal.reserve_bytes,
        write_behind_bytes: config.journal.write_behind_bytes as u64,
        backlog_bytes: config.journal.backlog_bytes as u64,
    }
}

/// How soon changes are written.
pub(crate) fn durability(kind: u32, ticks: u32) -> Result<Durability, Failure> {
    Ok(match kind {
        XRMESH_DURABILITY_EACH => Durability::Each,
        XRMESH_DURABILITY_INTERVAL if ticks == 0 => {
            fail!(
                XRMESH_ERROR_OUT_OF_RANGE,
                "an interval of 0 published states, expected 1 or more"
            )
        }
        XRMESH_DURABILITY_INTERVAL => Durability::Interval(ticks),
        XRMESH_DURABILITY_SNAPSHOT => Durability::Snapshot,
        given => fail!(XRMESH_ERROR_UNKNOWN_VALUE, "durability is {given}, known are 0 to 2"),
    })
}

/// The configuration that the host gave; its ranges are the memory's to check.
pub(crate) fn read(
    caller: &Caller,
    options: *const xrmesh_memory_options,
) -> Result<MemoryConfig, Failure> {
    let options = caller.extensible(options)?;
    if options.abi_version != XRMESH_ABI_VERSION {
        fail!(
            XRMESH_ERROR_ABI_VERSION,
            "the host was compiled for version {} of the interface, the library has {XRMESH_ABI_VERSION}",
            options.abi_version
        );
    }
    let Ok(history_ns) = u64::try_from(options.history_ns) else {
        let given = options.history_ns;
        fail!(XRMESH_ERROR_OUT_OF_RANGE, "history_ns is {given}, expected 0 or more");
    };
    let size = |name: &str, given: u64| {
        usize::try_from(given).map_err(|_| {
            Failure::new(
                XRMESH_ERROR_OUT_OF_RANGE,
                format_args!("{name} is {given}, more than memory holds"),
            )
        })
    };
    Ok(MemoryConfig {
        max_objects: options.max_objects,
        when_full: match options.when_full {
            XRMESH_WHEN_FULL_EVICT => WhenFull::Evict,
            XRMESH_WHEN_FULL_REFUSE => WhenFull::Refuse,
            given => fail!(XRMESH_ERROR_UNKNOWN_VALUE, "when_full is {given}, known are 0 and 1"),
        },
        max_classes: options.max_classes,
        max_frames: options.max_anchors,
        max_areas: options.max_areas,
        max_aliases: options.max_aliases,
        max_attribute_bytes: options.max_attribute_bytes,
        max_name_bytes: options.max_name_bytes,
        max_area_corners: options.max_area_corners,
        max_snapshots: options.max_snapshots,
        max_snapshot_bytes: options.max_snapshot_bytes,
        history: HistoryConfig::new(options.history_bytes, Duration::from_nanos(history_ns)),
        correction_budget: options.correction_budget,
        durability: durability(options.durability, options.durability_ticks)?,
        journal: JournalConfig {
            file_bytes: options.file_bytes,
            block_bytes: options.block_bytes as usize,
            reserve_bytes: options.reserve_bytes,
            write_behind_bytes: size("write_behind_bytes", options.write_behind_bytes)?,
            backlog_bytes: size("backlog_bytes", options.backlog_bytes)?,
        },
    })
}
