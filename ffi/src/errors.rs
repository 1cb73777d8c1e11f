//! The library's errors as statuses. What they say is their text.

use xrmesh::config::ConfigError;
use xrmesh::memory::map::{ImportError, MapError, MapErrorKind};
use xrmesh::memory::{
    AgeError, CompactError, FrameError, HistoryError, JournalConfigError, JournalError,
    MemoryConfigError, MemoryRefused, ObserveError, OpenError, PublishError, QueryError,
    RecoverError, SnapshotError, SubscribeError, WriteError,
};
use xrmesh::storage::StorageError;
use xrmesh::{
    CommandError, DriverError, HandleError, InferError, MemoryChangeError, MeshError, RecordError,
    RegisterError, ReplayError, SendError, SpawnError, TickError,
};

use crate::failure::Failure;
use crate::status::*;
use crate::stream::status_of;

macro_rules! statuses {
    ($error:ty, $given:ident => $status:expr) => {
        impl From<$error> for Failure {
            #[cold]
            fn from($given: $error) -> Self {
                let status = $status;
                Self::new(status, $given)
            }
        }
    };
}

fn of_command(error: &CommandError) -> xrmesh_status {
    match error {
        CommandError::UnknownAgent { .. } => XRMESH_ERROR_UNKNOWN_AGENT,
        CommandError::Pose(_) => XRMESH_ERROR_GEOMETRY,
        CommandError::MailboxCapacity { .. } | CommandError::Reach { .. } => {
            XRMESH_ERROR_OUT_OF_RANGE
        }
        CommandError::Topic(_) => XRMESH_ERROR_NAME,
        CommandError::SelfLink { .. } => XRMESH_ERROR_SELF_LINK,
        CommandError::Stopping => XRMESH_ERROR_STOPPING,
        CommandError::NoMemory => XRMESH_ERROR_NOT_ATTACHED,
        CommandError::OutboxFull { .. } => XRMESH_ERROR_FULL,
        // Agents, interests, links: whatever is counted.
        _ => XRMESH_ERROR_LIMIT,
    }
}

fn of_send(error: &SendError) -> xrmesh_status {
    match error {
        SendError::UnknownTarget { .. } => XRMESH_ERROR_UNKNOWN_AGENT,
        SendError::OutboxFull { .. } | SendError::ArenaFull { .. } => XRMESH_ERROR_FULL,
        SendError::PayloadTooLarge { .. } => XRMESH_ERROR_PAYLOAD_TOO_LARGE,
        SendError::InvalidPlace { .. } => XRMESH_ERROR_OUT_OF_RANGE,
        SendError::Pose(_) => XRMESH_ERROR_GEOMETRY,
        SendError::NotAQuestion { .. } => XRMESH_ERROR_NOT_A_QUESTION,
        // Questions that are open: whatever is counted.
        _ => XRMESH_ERROR_LIMIT,
    }
}

fn of_spawn(error: &SpawnError) -> xrmesh_status {
    match error {
        SpawnError::Command(error) => of_command(error),
        SpawnError::UnknownType { .. } => XRMESH_ERROR_UNKNOWN_TYPE,
        SpawnError::Factory { .. } => XRMESH_ERROR_FACTORY,
        SpawnError::NotRegistered { .. } => XRMESH_ERROR_RECORDED,
        _ => XRMESH_ERROR_LIMIT,
    }
}

fn of_mesh(error: &MeshError) -> xrmesh_status {
    match error {
        MeshError::Workers(_) | MeshError::Queues(_) => XRMESH_ERROR_OUT_OF_MEMORY,
        _ => XRMESH_ERROR_CONFIG,
    }
}

fn of_register(error: &RegisterError) -> xrmesh_status {
    match error {
        RegisterError::Taken { .. } | RegisterError::ProcessorTaken { .. } => {
            XRMESH_ERROR_NAME_TAKEN
        }
        RegisterError::Length { .. } => XRMESH_ERROR_NAME,
        RegisterError::Recorded { .. } => XRMESH_ERROR_RECORDED,
        RegisterError::Vector { .. } => XRMESH_ERROR_PAYLOAD_TOO_LARGE,
        _ => XRMESH_ERROR_LIMIT,
    }
}

pub(crate) fn of_record(error: &RecordError) -> xrmesh_status {
    match error {
        RecordError::NotRecording => XRMESH_ERROR_NOT_RECORDING,
        RecordError::Begun { .. } | RecordError::AlreadyRecording { .. } => XRMESH_ERROR_RECORDED,
        RecordError::Config(_) => XRMESH_ERROR_CONFIG,
        RecordError::Write { source, .. } => status_of(source),
        _ => XRMESH_ERROR_LIMIT,
    }
}

fn of_replay(error: &ReplayError) -> xrmesh_status {
    match error {
        ReplayError::Read { source, .. } => status_of(source),
        ReplayError::Version { .. } => XRMESH_ERROR_FILE_VERSION,
        ReplayError::Config(_) => XRMESH_ERROR_CONFIG,
        ReplayError::Mesh(error) => of_mesh(error),
        ReplayError::Register(error) => of_register(error),
        ReplayError::UnknownType { .. } => XRMESH_ERROR_UNKNOWN_TYPE,
        ReplayError::NoProcessor { .. } => XRMESH_ERROR_UNKNOWN_PROCESSOR,
        ReplayError::Refused { .. }
        | ReplayError::Unrecorded { .. }
        | ReplayError::Diverged { .. } => XRMESH_ERROR_DIVERGED,
        _ => XRMESH_ERROR_CORRUPT,
    }
}

fn of_storage(error: &StorageError) -> xrmesh_status {
    match error {
        StorageError::Locked { .. } => XRMESH_ERROR_STORE_LOCKED,
        _ => XRMESH_ERROR_IO,
    }
}

fn of_journal(error: &JournalError) -> xrmesh_status {
    match error {
        JournalError::Storage(error) => of_storage(error),
        JournalError::Backlog { .. } => XRMESH_ERROR_BACKLOG,
        JournalError::TooLarge { .. } => XRMESH_ERROR_OUT_OF_RANGE,
        JournalError::ImageRunning => XRMESH_ERROR_CHECKPOINT,
        _ => XRMESH_ERROR_STORE_FAILED,
    }
}

fn of_frame(error: &FrameError) -> xrmesh_status {
    match error {
        FrameError::Absent { .. } | FrameError::ParentAbsent { .. } | FrameError::World => {
            XRMESH_ERROR_UNKNOWN_ANCHOR
        }
        FrameError::Cycle { .. } => XRMESH_ERROR_ANCHOR_CYCLE,
        FrameError::NameTaken { .. } => XRMESH_ERROR_NAME_TAKEN,
        FrameError::InUse { .. } => XRMESH_ERROR_ANCHOR_IN_USE,
        FrameError::Pose { .. } => XRMESH_ERROR_GEOMETRY,
        // Chains and anchors: whatever is counted.
        _ => XRMESH_ERROR_LIMIT,
    }
}

fn of_write(error: &WriteError) -> xrmesh_status {
    match error {
        WriteError::ObjectAbsent { .. } => XRMESH_ERROR_UNKNOWN_OBJECT,
        WriteError::ClassAbsent { .. } => XRMESH_ERROR_UNKNOWN_CLASS,
        WriteError::AreaAbsent { .. } => XRMESH_ERROR_UNKNOWN_AREA,
        WriteError::Itself { .. } => XRMESH_ERROR_SELF_MERGE,
        WriteError::Pose(_) => XRMESH_ERROR_GEOMETRY,
        WriteError::Frame(error) => of_frame(error),
        WriteError::HalfExtents { .. }
        | WriteError::NotFinite { .. }
        | WriteError::Share { .. }
        | WriteError::SeenInverted { .. }
        | WriteError::Length { .. }
        | WriteError::ClassOptions(_) => XRMESH_ERROR_OUT_OF_RANGE,
        WriteError::Journal(error) => of_journal(error),
        WriteError::Apply(_) => XRMESH_ERROR_CORRUPT,
        // Objects, classes, areas: whatever is counted.
        _ => XRMESH_ERROR_LIMIT,
    }
}

fn of_observe(error: &ObserveError) -> xrmesh_status {
    match error {
        ObserveError::Pose { .. } => XRMESH_ERROR_GEOMETRY,
        ObserveError::HalfExtents { .. } | ObserveError::Confidence { .. } => {
            XRMESH_ERROR_OUT_OF_RANGE
        }
        ObserveError::Class { .. } => XRMESH_ERROR_UNKNOWN_CLASS,
        ObserveError::Frame { .. } => XRMESH_ERROR_UNKNOWN_ANCHOR,
        ObserveError::Write(error) => of_write(error),
        _ => XRMESH_ERROR_LIMIT,
    }
}

fn of_refused(error: &MemoryRefused) -> xrmesh_status {
    match error {
        MemoryRefused::Write(error) => of_write(error),
        MemoryRefused::Observe(error) => of_observe(error),
        MemoryRefused::Age(AgeError::Write(error)) => of_write(error),
        MemoryRefused::Age(_) => XRMESH_ERROR_OUT_OF_RANGE,
        _ => XRMESH_ERROR_LIMIT,
    }
}

fn of_recover(error: &RecoverError) -> xrmesh_status {
    match error {
        RecoverError::Storage(error) => of_storage(error),
        RecoverError::NewerFormat { .. } => XRMESH_ERROR_FILE_VERSION,
        _ => XRMESH_ERROR_CORRUPT,
    }
}

fn of_open(error: &OpenError) -> xrmesh_status {
    match error {
        OpenError::Recover(error) => of_recover(error),
        _ => XRMESH_ERROR_CONFIG,
    }
}

fn of_map(error: &MapError) -> xrmesh_status {
    match error.kind {
        MapErrorKind::Read { .. } => XRMESH_ERROR_IO,
        _ => XRMESH_ERROR_MAP,
    }
}

statuses!(StorageError, error => of_storage(&error));
statuses!(JournalError, error => of_journal(&error));
statuses!(WriteError, error => of_write(&error));
statuses!(ObserveError, error => of_observe(&error));
statuses!(MemoryRefused, error => of_refused(&error));
statuses!(RecoverError, error => of_recover(&error));
statuses!(OpenError, error => of_open(&error));
statuses!(MemoryConfigError, error => XRMESH_ERROR_CONFIG);
statuses!(JournalConfigError, error => XRMESH_ERROR_CONFIG);
statuses!(QueryError, error => XRMESH_ERROR_OUT_OF_RANGE);
statuses!(SnapshotError, error => XRMESH_ERROR_SNAPSHOTS_HELD);
statuses!(HistoryError, error => XRMESH_ERROR_NO_PAST);
statuses!(MemoryChangeError, error => match &error {
    MemoryChangeError::Refused(error) => of_refused(error),
    _ => XRMESH_ERROR_NOT_ATTACHED,
});
statuses!(PublishError, error => match &error {
    PublishError::TimeBack { .. } => XRMESH_ERROR_TIME_WENT_BACK,
    _ => XRMESH_ERROR_SNAPSHOTS_HELD,
});
statuses!(AgeError, error => match &error {
    AgeError::Write(error) => of_write(error),
    _ => XRMESH_ERROR_OUT_OF_RANGE,
});
statuses!(SubscribeError, error => match &error {
    SubscribeError::Capacity { .. } => XRMESH_ERROR_OUT_OF_RANGE,
    _ => XRMESH_ERROR_LIMIT,
});
statuses!(CompactError, error => match &error {
    CompactError::Open(error) => of_open(error),
    CompactError::Journal(error) => of_journal(error),
    CompactError::Storage(error) => of_storage(error),
    _ => XRMESH_ERROR_IO,
});
statuses!(ImportError, error => match &error {
    ImportError::Map(error) => of_map(error),
    ImportError::Write(error) => of_write(error),
    _ => XRMESH_ERROR_CONFIG,
});
statuses!(CommandError, error => of_command(&error));
statuses!(SendError, error => of_send(&error));
statuses!(SpawnError, error => of_spawn(&error));
statuses!(MeshError, error => of_mesh(&error));
statuses!(RegisterError, error => of_register(&error));
statuses!(RecordError, error => of_record(&error));
statuses!(ReplayError, error => of_replay(&error));
statuses!(ConfigError, error => XRMESH_ERROR_CONFIG);
statuses!(TickError, error => XRMESH_ERROR_TIME_WENT_BACK);
statuses!(DriverError, error => match &error {
    DriverError::Rate { .. } | DriverError::NoBudget | DriverError::ShortBudget { .. } => {
        XRMESH_ERROR_OUT_OF_RANGE
    }
    DriverError::Panicked { .. } => XRMESH_ERROR_PANIC,
    DriverError::Thread { .. } => XRMESH_ERROR_OUT_OF_MEMORY,
    _ => XRMESH_ERROR_DRIVER,
});
statuses!(HandleError, error => match &error {
    HandleError::Full { .. } => XRMESH_ERROR_FULL,
    HandleError::Closed => XRMESH_ERROR_CLOSED,
    HandleError::PayloadTooLarge { .. } => XRMESH_ERROR_PAYLOAD_TOO_LARGE,
    HandleError::Command(error) => of_command(error),
    HandleError::NoLane { .. } => XRMESH_ERROR_OUT_OF_MEMORY,
    _ => XRMESH_ERROR_LIMIT,
});
statuses!(InferError, error => match &error {
    InferError::UnknownProcessor { .. } => XRMESH_ERROR_UNKNOWN_PROCESSOR,
    InferError::Length { .. } => XRMESH_ERROR_SHAPE,
    InferError::NotFinite { .. } => XRMESH_ERROR_OUT_OF_RANGE,
    InferError::Stopping => XRMESH_ERROR_STOPPING,
    InferError::Send(error) => of_send(error),
    _ => XRMESH_ERROR_PHOTONIC,
});
