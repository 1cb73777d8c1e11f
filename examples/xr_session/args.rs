//! The command line, parsed by hand: each mistake gives one line that says what to write instead.

use core::fmt;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// What the user asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Request {
    Help,
    Session(Args),
}

/// The settings of one session.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Args {
    pub(crate) room: Option<PathBuf>,
    pub(crate) motion: Option<PathBuf>,
    /// Characters beside the session's own agents.
    pub(crate) agents: u32,
    pub(crate) seconds: f64,
    /// Threads beside the caller's; 0 runs everything on the caller's.
    pub(crate) workers: u32,
    pub(crate) realtime: bool,
    /// Whether agents read digits with a photonic processor.
    pub(crate) processor: bool,
    pub(crate) record: Option<PathBuf>,
    pub(crate) replay: Option<PathBuf>,
    pub(crate) plot: Option<PathBuf>,
    /// Where the memory's map goes at the end.
    pub(crate) map: Option<PathBuf>,
    /// The folder of the memory's store.
    pub(crate) store: Option<PathBuf>,
    pub(crate) json: bool,
}

impl Default for Args {
    fn default() -> Self {
        Self {
            room: None,
            motion: None,
            agents: 200,
            seconds: 30.0,
            workers: 1,
            realtime: false,
            processor: false,
            record: None,
            replay: None,
            plot: None,
            map: None,
            store: None,
            json: false,
        }
    }
}

/// Most characters, longest session, most workers.
const MAX_AGENTS: u32 = 1_000_000;
const MAX_SECONDS: f64 = 86_400.0;
const MAX_WORKERS: u32 = 63;

/// What `--help` prints.
pub(crate) const HELP: &str = "\
A room scan and a headset recording drive a mesh of agents at 90 Hz.

usage: xr_session [options]

  --room FILE      a room scan (Quest JSON); without it a room is generated
  --motion FILE    a headset recording (JSON) or a TUM trajectory; without it a walk is generated
  --agents N       characters that wander, talk and react to the headset, 0 to 1000000 [200]
  --seconds S      length of the session, above 0 up to 86400 [30]
  --workers W      threads beside the caller's, 0 to 63; results do not depend on it [1]
  --realtime       tick by the clock at 90 Hz, with a budget of time instead of messages
  --processor      32 agents read digits with a simulated photonic processor; a replay needs it too
  --record FILE    write the session, to be replayed
  --replay FILE    run a recorded session again and compare each tick's state hash
  --plot FILE.svg  draw the session
  --map FILE       write what the agents remember as a JSON map at the end
  --store DIR      keep the memory in a new store, which is closed and reopened at the end
  --json           print the report as one JSON object on the last line
  --help           print this

Files are read up to 256 MiB. Exit code 2 means a wrong option or a wrong file.
";

/// Reads the arguments that follow the program's name.
///
/// # Errors
/// The first mistake, in the order of the command line; then the first pair that conflicts.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Request, ArgsError> {
    let mut args = Args::default();
    let mut given: Vec<Flag> = Vec::new();
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        let (name, attached) = split(&argument);
        if name == "--help" || name == "-h" {
            return Ok(Request::Help);
        }
        let flag = Flag::from_name(&name)?;
        if given.contains(&flag) {
            return Err(ArgsError::Twice(flag));
        }
        given.push(flag);
        let value = match (flag.value(), attached) {
            (None, None) => None,
            (None, Some(_)) => return Err(ArgsError::NeedlessValue(flag)),
            (Some(_), Some(value)) => Some(value),
            (Some(_), None) => arguments.next().filter(|value| !is_flag(value)),
        };
        flag.set(&mut args, value.filter(|value| !value.is_empty()))?;
    }
    for (one, others) in CONFLICTS {
        let conflict = others.iter().find(|&&other| given.contains(one) && given.contains(&other));
        if let Some(&other) = conflict {
            return Err(ArgsError::Conflict(*one, other));
        }
    }
    let inputs =
        [(Flag::Room, &args.room), (Flag::Motion, &args.motion), (Flag::Replay, &args.replay)];
    for (output, written) in [(Flag::Record, &args.record), (Flag::Map, &args.map)] {
        let overwritten = inputs.iter().find(|(_, path)| path.is_some() && *path == written);
        if let Some(&(input, _)) = overwritten {
            return Err(ArgsError::Overwrites(output, input));
        }
    }
    Ok(Request::Session(args))
}

/// What is wrong with the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ArgsError {
    Unknown { given: String, nearest: Option<Flag> },
    Twice(Flag),
    MissingValue(Flag),
    NeedlessValue(Flag),
    NotANumber { flag: Flag, given: String },
    OutOfRange { flag: Flag, given: String },
    NotSvg { given: String },
    Conflict(Flag, Flag),
    Overwrites(Flag, Flag),
}

/// An option that the session knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flag {
    Room,
    Motion,
    Agents,
    Seconds,
    Workers,
    Realtime,
    Processor,
    Record,
    Replay,
    Plot,
    Map,
    Store,
    Json,
    Help,
}

/// A recording holds what drove its session, and a replay has no clock to keep up with.
const CONFLICTS: &[(Flag, &[Flag])] = &[(
    Flag::Replay,
    &[
        Flag::Record,
        Flag::Room,
        Flag::Motion,
        Flag::Agents,
        Flag::Seconds,
        Flag::Realtime,
        Flag::Store,
    ],
)];

const FLAGS: [(Flag, &str, Option<&str>); 14] = [
    (Flag::Room, "--room", Some("a file")),
    (Flag::Motion, "--motion", Some("a file")),
    (Flag::Agents, "--agents", Some("a whole number from 0 to 1000000")),
    (Flag::Seconds, "--seconds", Some("a number above 0 up to 86400")),
    (Flag::Workers, "--workers", Some("a whole number from 0 to 63")),
    (Flag::Realtime, "--realtime", None),
    (Flag::Processor, "--processor", None),
    (Flag::Record, "--record", Some("a file")),
    (Flag::Replay, "--replay", Some("a file")),
    (Flag::Plot, "--plot", Some("a file name that ends in .svg")),
    (Flag::Map, "--map", Some("a file")),
    (Flag::Store, "--store", Some("a folder")),
    (Flag::Json, "--json", None),
    (Flag::Help, "--help", None),
];

impl Flag {
    fn from_name(name: &str) -> Result<Self, ArgsError> {
        if let Some((flag, ..)) = FLAGS.iter().find(|(_, known, _)| *known == name) {
            return Ok(*flag);
        }
        let nearest = FLAGS
            .iter()
            .map(|(flag, known, _)| (edit_distance(name, known), *flag))
            .min_by_key(|(distance, _)| *distance)
            .filter(|(distance, _)| *distance <= 3)
            .map(|(_, flag)| flag);
        Err(ArgsError::Unknown { given: name.to_owned(), nearest })
    }

    fn name(self) -> &'static str {
        FLAGS.iter().find(|(flag, ..)| *flag == self).map_or("", |(_, name, _)| name)
    }

    /// What the flag's value must be; `None` for a switch.
    fn value(self) -> Option<&'static str> {
        FLAGS.iter().find(|(flag, ..)| *flag == self).and_then(|(.., value)| *value)
    }

    fn set(self, args: &mut Args, value: Option<OsString>) -> Result<(), ArgsError> {
        let required = || value.clone().ok_or(ArgsError::MissingValue(self));
        match self {
            Self::Room => args.room = Some(required()?.into()),
            Self::Motion => args.motion = Some(required()?.into()),
            Self::Agents => args.agents = self.whole(&required()?, MAX_AGENTS)?,
            Self::Seconds => args.seconds = self.seconds(&required()?)?,
            Self::Workers => args.workers = self.whole(&required()?, MAX_WORKERS)?,
            Self::Realtime => args.realtime = true,
            Self::Processor => args.processor = true,
            Self::Record => args.record = Some(required()?.into()),
            Self::Replay => args.replay = Some(required()?.into()),
            Self::Plot => {
                let path = PathBuf::from(required()?);
                // The suffix also keeps a slip from writing the picture over an input.
                if path.extension() != Some(OsStr::new("svg")) {
                    return Err(ArgsError::NotSvg { given: path.display().to_string() });
                }
                args.plot = Some(path);
            }
            Self::Map => args.map = Some(required()?.into()),
            Self::Store => args.store = Some(required()?.into()),
            Self::Json => args.json = true,
            Self::Help => {}
        }
        Ok(())
    }

    fn whole(self, value: &OsStr, limit: u32) -> Result<u32, ArgsError> {
        let given = value.to_string_lossy().into_owned();
        match given.parse::<i128>() {
            Ok(number) => u32::try_from(number)
                .ok()
                .filter(|number| *number <= limit)
                .ok_or(ArgsError::OutOfRange { flag: self, given }),
            Err(_) => Err(ArgsError::NotANumber { flag: self, given }),
        }
    }

    fn seconds(self, value: &OsStr) -> Result<f64, ArgsError> {
        let given = value.to_string_lossy().into_owned();
        match given.parse::<f64>() {
            Ok(number) if number > 0.0 && number <= MAX_SECONDS => Ok(number),
            Ok(number) if !number.is_nan() => Err(ArgsError::OutOfRange { flag: self, given }),
            _ => Err(ArgsError::NotANumber { flag: self, given }),
        }
    }
}

impl fmt::Display for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for ArgsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wanted = |flag: &Flag| flag.value().unwrap_or("no value");
        match self {
            Self::Unknown { given, nearest: Some(flag) } => {
                write!(f, "unknown option {given:?}, did you mean {flag}?")
            }
            Self::Unknown { given, nearest: None } => {
                write!(f, "unknown option {given:?}, --help lists what there is")
            }
            Self::Twice(flag) => write!(f, "{flag} is given twice"),
            Self::MissingValue(flag) => write!(f, "{flag} needs {}", wanted(flag)),
            Self::NeedlessValue(flag) => write!(f, "{flag} takes no value"),
            Self::NotANumber { flag, given } | Self::OutOfRange { flag, given } => {
                write!(f, "{flag} needs {}, not {given:?}", wanted(flag))
            }
            Self::NotSvg { given } => {
                write!(f, "--plot needs {}, not {given:?}", wanted(&Flag::Plot))
            }
            Self::Conflict(one, other) => write!(f, "{one} and {other} exclude each other"),
            Self::Overwrites(output, input) => {
                write!(f, "{output} would overwrite the file of {input}")
            }
        }
    }
}

impl core::error::Error for ArgsError {}

/// `--name=value` into both; other arguments whole. Only as text: a path that is not can still
/// follow its flag as an argument of its own.
fn split(argument: &OsStr) -> (String, Option<OsString>) {
    let text = argument.to_string_lossy();
    match text.split_once('=') {
        Some((name, value)) if name.starts_with("--") && argument.to_str().is_some() => {
            (name.to_owned(), Some(value.into()))
        }
        _ => (text.into_owned(), None),
    }
}

fn is_flag(value: &OsStr) -> bool {
    value.as_encoded_bytes().starts_with(b"--")
}

/// Insertions, deletions and substitutions from `a` to `b`.
fn edit_distance(a: &str, b: &str) -> usize {
    // A long argument is no typing slip, and the table is bounded.
    if a.len() > 32 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let substituted = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(line: &str) -> Result<Request, String> {
        parse(line.split_whitespace().map(OsString::from)).map_err(|error| error.to_string())
    }

    fn session(line: &str) -> Args {
        match run(line).unwrap() {
            Request::Session(args) => args,
            Request::Help => panic!("help"),
        }
    }

    #[test]
    fn every_option_is_read() {
        assert_eq!(session(""), Args::default());
        let args = session(
            "--room r.json --motion=m.json --agents 1000000 --seconds 0.5 --workers 0 --realtime --processor \
             --record out.xrm --plot p.svg --map m2.json --store kept --json",
        );
        let expected = Args {
            room: Some("r.json".into()),
            motion: Some("m.json".into()),
            agents: 1_000_000,
            seconds: 0.5,
            workers: 0,
            realtime: true,
            processor: true,
            record: Some("out.xrm".into()),
            replay: None,
            plot: Some("p.svg".into()),
            map: Some("m2.json".into()),
            store: Some("kept".into()),
            json: true,
        };
        assert_eq!(args, expected);
        assert_eq!(session("--replay a.xrm --workers 8").replay, Some("a.xrm".into()));
        assert_eq!(run("--agents 3 --help --nonsense"), Ok(Request::Help));
    }

    #[test]
    fn every_mistake_gives_one_line() {
        let cases = [
            ("--rooom a", "unknown option \"--rooom\", did you mean --room?"),
            ("--agent 3", "unknown option \"--agent\", did you mean --agents?"),
            ("--frobnicate", "unknown option \"--frobnicate\", --help lists what there is"),
            ("room.json", "unknown option \"room.json\", --help lists what there is"),
            ("--room", "--room needs a file"),
            ("--room --json", "--room needs a file"),
            ("--room=", "--room needs a file"),
            ("--agents", "--agents needs a whole number from 0 to 1000000"),
            ("--agents many", "--agents needs a whole number from 0 to 1000000, not \"many\""),
            ("--agents 1.5", "--agents needs a whole number from 0 to 1000000, not \"1.5\""),
            ("--agents -1", "--agents needs a whole number from 0 to 1000000, not \"-1\""),
            (
                "--agents 1000001",
                "--agents needs a whole number from 0 to 1000000, not \"1000001\"",
            ),
            ("--seconds 0", "--seconds needs a number above 0 up to 86400, not \"0\""),
            ("--seconds nan", "--seconds needs a number above 0 up to 86400, not \"nan\""),
            ("--seconds inf", "--seconds needs a number above 0 up to 86400, not \"inf\""),
            ("--workers 64", "--workers needs a whole number from 0 to 63, not \"64\""),
            ("--plot room.json", "--plot needs a file name that ends in .svg, not \"room.json\""),
            ("--json=yes", "--json takes no value"),
            ("--json --json", "--json is given twice"),
            ("--agents 1 --agents 1", "--agents is given twice"),
            ("--record a --replay b", "--replay and --record exclude each other"),
            ("--replay b --agents 3", "--replay and --agents exclude each other"),
            ("--realtime --replay b", "--replay and --realtime exclude each other"),
            ("--room a --record a", "--record would overwrite the file of --room"),
        ];
        for (line, expected) in cases {
            assert_eq!(run(line), Err(expected.to_owned()), "{line}");
        }
    }

    #[test]
    fn the_help_names_every_option() {
        assert!(FLAGS.iter().all(|(_, name, _)| HELP.contains(&format!("  {name} "))));
        assert!(HELP.contains(&format!("{MAX_AGENTS} [{}]", Args::default().agents)));
        assert!(HELP.contains(&format!("{MAX_SECONDS} [{}]", Args::default().seconds)));
        assert!(HELP.contains(&format!("{MAX_WORKERS}; ")));
    }

    #[test]
    #[cfg(unix)]
    fn paths_need_not_be_text() {
        use std::os::unix::ffi::OsStringExt;
        let path = OsString::from_vec(vec![b'r', 0xff]);
        let request = parse([OsString::from("--room"), path.clone()]).unwrap();
        assert_eq!(request, Request::Session(Args { room: Some(path.into()), ..Args::default() }));
        let stray = parse([OsString::from_vec(vec![0xff, b'\n'])]).unwrap_err().to_string();
        assert!(!stray.contains('\n'), "{stray}");
    }

    #[test]
    fn edit_distances() {
        let cases =
            [("", "abc", 3), ("room", "room", 0), ("kitten", "sitting", 3), ("ab", "ba", 2)];
        for (a, b, distance) in cases {
            assert_eq!(edit_distance(a, b), distance);
            assert_eq!(edit_distance(b, a), distance);
        }
    }
}
