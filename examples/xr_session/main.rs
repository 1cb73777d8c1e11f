//! A room scan and a headset recording drive a mesh of agents at 90 Hz.
//!
//! `cargo run --release --example xr_session -- --help` lists the options. Without files it runs on
//! a room and a walk that it generates. Its report goes to standard output, progress and errors to
//! standard error; a wrong option or a wrong file gives one line and exit code 2.

mod args;
mod files;
mod generate;
mod motion;
mod plot;
mod pose;
#[expect(dead_code, reason = "used once the session runs its mesh")]
mod progress;
#[cfg_attr(not(test), expect(dead_code, reason = "used once the session runs its mesh"))]
mod report;
mod room;

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use args::{Args, Request};
use motion::{Action, Device, Motion};
use plot::{Mark, Picture, Stand};
use pose::forward;
use room::Room;
use xrmesh::Vec3;

/// The exit code of a wrong option or a wrong file.
const WRONG_INPUT: u8 = 2;
/// The room and the walk that stand in for missing files.
const SEED: u64 = 1;
/// One frame at 90 Hz.
const FRAME_NS: i64 = 11_111_111;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(line) => {
            let _ = writeln!(io::stderr(), "xr_session: {line}");
            ExitCode::from(WRONG_INPUT)
        }
    }
}

fn run() -> Result<(), String> {
    let args = match args::parse(std::env::args_os().skip(1)).map_err(|error| error.to_string())? {
        Request::Help => return print(args::HELP),
        Request::Session(args) => args,
    };
    for path in [&args.record, &args.plot].into_iter().flatten() {
        check_output(path)?;
    }
    let room = match &args.room {
        Some(path) => files::load_room(path).map_err(|error| error.to_string())?,
        None => generate::room(SEED),
    };
    let mut motion = match &args.motion {
        Some(path) => files::load_motion(path).map_err(|error| error.to_string())?,
        None => generate::walk(SEED, &room),
    };
    let shift = motion.place_in(&room);
    print(&summary(&args, &room, &motion, shift))?;
    if let Some(path) = &args.plot {
        write_plot(path, &args, &room, &motion)?;
    }
    Ok(())
}

fn summary(args: &Args, room: &Room, motion: &Motion, shift: Vec3) -> String {
    let name = |path: &Option<std::path::PathBuf>| {
        path.as_ref().map_or("generated".to_owned(), |path| path.display().to_string())
    };
    let triangles: usize =
        room.entities.iter().filter_map(|e| e.mesh.as_ref()).map(|mesh| mesh.triangles.len()).sum();
    let mut text = format!(
        "room    {}: {} entities, {} triangles\nmotion  {}: {} poses, {} button events, {:.1} s\n",
        name(&args.room),
        room.entities.len(),
        triangles,
        name(&args.motion),
        motion.headset.samples.len(),
        motion.events.len(),
        motion.duration_ns() as f64 * 1e-9,
    );
    if shift != Vec3::ZERO {
        text.push_str(&format!(
            "        moved by ({:.2}, {:.2}) m in x and z into the room\n",
            shift.x, shift.z
        ));
    }
    text
}

fn write_plot(path: &Path, args: &Args, room: &Room, motion: &Motion) -> Result<(), String> {
    let end_ns = (args.seconds * 1e9) as i64;
    let ticks = || (0..).map(|tick| tick * FRAME_NS).take_while(move |time| *time <= end_ns);
    let headset: Vec<Stand> = ticks()
        .filter_map(|time| motion.pose(Device::Headset, time))
        .map(|pose| Stand {
            place: [pose.position().x, pose.position().z],
            facing: [forward(&pose).x, forward(&pose).z],
        })
        .collect();
    let hand = |device| -> Vec<[f32; 2]> {
        let poses = ticks().filter_map(|time| motion.pose(device, time));
        poses.map(|pose| [pose.position().x, pose.position().z]).collect()
    };
    let (left, right) = (hand(Device::Left), hand(Device::Right));
    let mut due = Vec::new();
    motion.events_between(-1, end_ns, &mut due);
    let marks: Vec<Mark> = due
        .iter()
        .filter(|event| event.action != Action::Change)
        .filter_map(|event| {
            let at = motion.pose(event.device, event.time_ns)?.position();
            Some(Mark { place: [at.x, at.z], released: event.action == Action::Release })
        })
        .collect();
    let picture = Picture {
        title: "A session in a scanned room",
        subtitle: "",
        room,
        duration_s: args.seconds as f32,
        headset: &headset,
        hands: [&left, &right],
        marks: &marks,
        characters: &[],
        facts: &[],
        strips: &[],
    };
    std::fs::write(path, plot::draw(&picture))
        .map_err(|error| format!("{}: expected a writable file, found {error}", path.display()))
}

/// Whether a file can be made at `path`, asked before a session of minutes rather than after it.
fn check_output(path: &Path) -> Result<(), String> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    if !folder.is_dir() {
        return Err(format!("{}: expected an existing folder to write to", path.display()));
    }
    if path.is_dir() {
        return Err(format!("{}: expected a file to write, found a directory", path.display()));
    }
    Ok(())
}

/// To standard output; a reader that has gone away ends the session quietly.
fn print(text: &str) -> Result<(), String> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.to_string()),
        _ => Ok(()),
    }
}
