//! The library's errors as statuses. What they say is their text.

use xrmesh::config::ConfigError;
use xrmesh::{
    CommandError, DriverError, HandleError, InferError, MeshError, RecordError, RegisterError,
    ReplayError, SendError, SpawnError, TickError,
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
        ReplayError::Refused { .. } | ReplayError::Diverged { .. } => XRMESH_ERROR_DIVERGED,
        _ => XRMESH_ERROR_CORRUPT,
    }
}

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
