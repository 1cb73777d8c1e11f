//! A recorded session, done again, is the same session; and a file that is not as it was written is
//! an error that says where.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests may end where they fail")]

mod crowd;
mod damage;
mod limits;
mod program;
mod recorded;
