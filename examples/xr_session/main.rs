//! A room scan and a headset recording drive a mesh of agents at 90 Hz.
//!
//! `cargo run --release --example xr_session -- --help` lists the options. Without files it runs on
//! a room and a walk that it generates. Its report goes to standard output, progress and errors to
//! standard error; a wrong option or a wrong file gives one line and exit code 2.

mod agents;
mod args;
mod camera;
mod cast;
mod clock;
mod files;
mod generate;
mod grid;
mod messages;
mod motion;
mod picture;
mod play;
mod plot;
mod pose;
mod processor;
mod progress;
mod recording;
mod remember;
mod report;
mod room;
mod session;
mod surroundings;

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use args::{Args, Request};
use motion::Motion;
use picture::Film;
use play::Pace;
use processor::Trained;
use report::Report;
use room::Room;
use session::{Session, Setup};
use surroundings::Surroundings;
use xrmesh::{Mesh, Replay, Vec3};

/// The exit code of a wrong option or a wrong file.
const WRONG_INPUT: u8 = 2;
/// The key of all chance: the room and the walk that stand in for missing files, noise, characters.
const SEED: u64 = 1;

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
    for path in [&args.record, &args.plot, &args.map].into_iter().flatten() {
        check_output(path)?;
    }
    match &args.replay {
        Some(path) => replay(path, &args),
        None => play(&args),
    }
}

/// Plays a session and reports on it.
fn play(args: &Args) -> Result<(), String> {
    let room = match &args.room {
        Some(path) => files::load_room(path).map_err(|error| error.to_string())?,
        None => generate::room(SEED),
    };
    let mut motion = match &args.motion {
        Some(path) => files::load_motion(path).map_err(|error| error.to_string())?,
        None => generate::walk(SEED, &room),
    };
    let shift = motion.place_in(&room);
    if !args.json {
        print(&summary(args, &room, &motion, shift))?;
    }
    let title = title(args);
    let record = match &args.record {
        Some(path) => Some(recording::create(path, &room, &title)?),
        None => None,
    };
    let trained = train(args)?;
    let &Args { agents: characters, workers, seconds, realtime, .. } = args;
    let mut session = Session::new(Setup {
        room: &room,
        motion,
        characters,
        workers,
        seed: SEED,
        record,
        store: args.store.as_deref(),
        processor: trained.as_ref(),
    })?;
    let mut film = args.plot.is_some().then(|| Film::new(&session.cast, realtime));
    let measured = play::play(&mut session, &Pace { seconds, realtime }, film.as_mut())?;
    if let Some(path) = &args.record {
        let finished = session.mesh.finish_recording();
        let bytes = finished.map_err(|error| format!("{}: {error}", path.display()))?;
        if !args.json {
            print(&format!("record  {}: {} bytes\n", path.display(), report::grouped(bytes)))?;
        }
    }
    let Session { mesh, cast, .. } = &mut session;
    if let (Some(path), Some(film)) = (&args.plot, &film) {
        write(path, &film.draw(mesh, cast, &room, &title))?;
    }
    let mut report = measured.report(mesh, cast, trained.as_ref());
    report.memory = remember::finish(mesh, args)?;
    conclude(args, &report)
}

/// Plays a recorded session again and reports on it.
fn replay(path: &Path, args: &Args) -> Result<(), String> {
    let (room, title, reader) = recording::open(path)?;
    let surroundings = Arc::new(Surroundings::of(&room));
    let memory = remember::begin(&surroundings, None)?;
    let wrong = |error: String| format!("{}: {error}", path.display());
    let trained = train(args)?;
    let register = |mesh: &mut Mesh| {
        if let Some(trained) = &trained {
            agents::register_classifier(mesh, trained)?;
        }
        agents::register(mesh, &surroundings, memory)
    };
    let mut replay = Replay::open(reader, register, Some(args.workers + 1))
        .map_err(|error| wrong(error.to_string()))?;
    let played = play::replay(&mut replay, args.plot.is_some());
    let (measured, cast, film) = played.map_err(wrong)?;
    if !args.json {
        let ticks = report::grouped(measured.ticks());
        print(&format!(
            "replay  {}: {ticks} ticks, each with the recorded state hash\n",
            path.display()
        ))?;
    }
    if let (Some(path), Some(film)) = (&args.plot, &film) {
        write(path, &film.draw(replay.mesh(), &cast, &room, &title))?;
    }
    let mut report = measured.report(replay.mesh(), &cast, trained.as_ref());
    report.memory = remember::finish(&mut replay.into_mesh(), args)?;
    conclude(args, &report)
}

/// Trains the processor, if there is to be one.
fn train(args: &Args) -> Result<Option<Trained>, String> {
    if !args.processor {
        return Ok(None);
    }
    let _ = writeln!(io::stderr(), "training the processor on digits");
    Trained::new(SEED).map(Some).map_err(|error| format!("--processor: {error}"))
}

fn conclude(args: &Args, report: &Report) -> Result<(), String> {
    print(&if args.json { format!("{}\n", report.to_json()) } else { format!("\n{report}") })
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    std::fs::write(path, text)
        .map_err(|error| format!("{}: expected a writable file, found {error}", path.display()))
}

/// What the picture is called.
fn title(args: &Args) -> String {
    let name = args.room.as_deref().and_then(Path::file_stem).map(|stem| stem.to_string_lossy());
    match name {
        Some(name) => format!("A session: {}", name.replace('_', " ")),
        None => "A session: generated room".to_owned(),
    }
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
