//! Recording, from the mesh's side.

use std::io::Write;

use super::error::RecordError;
use super::event::{Event, Start};
use super::writer::{RecordOptions, Recorder, Recording};
use crate::agent::view::ProcessorShape;
use crate::mesh::config::{Config, ConfigError};
use crate::mesh::{Mesh, hash};

/// Recording.
impl Mesh {
    /// Records the session from here on, until [`finish_recording`](Self::finish_recording):
    /// everything that the host does, directly and through handles and lanes, and the state hashes
    /// that came of it. [`Replay`](crate::Replay) does it again, bit for bit, on any number of
    /// workers.
    ///
    /// While a session is recorded, agents are spawned by their registered names only
    /// ([`spawn_as`](Self::spawn_as)): a Rust value cannot be written down. (Agents that agents spawn
    /// follow from what is recorded, and may be of any type.) It costs a copy and a checksum of each
    /// command of the host, and a state hash, which is O(agents + mail), in each tick that has one.
    ///
    /// ```
    /// use xrmesh::{
    ///     Agent, Budget, Config, Context, Envelope, Fault, Kind, Mesh, Message, RecordOptions, Replay,
    ///     SpawnOptions, Time,
    /// };
    ///
    /// struct Echo;
    /// impl Agent for Echo {
    ///     fn on_message(&mut self, _: &mut Context<'_>, _: &Envelope<'_>) -> Result<(), Fault> { Ok(()) }
    /// }
    /// let register = |mesh: &mut Mesh| mesh.register("echo", |_| Ok::<_, Fault>(Echo));
    ///
    /// let path = std::env::temp_dir().join(format!("xrmesh-{}.xrmrec", std::process::id()));
    /// let mut mesh = Mesh::new(Config::default())?;
    /// register(&mut mesh)?;
    /// mesh.record_to(Box::new(std::fs::File::create(&path)?), RecordOptions::default())?;
    /// let echo = mesh.spawn_as("echo", b"", SpawnOptions::new())?;
    /// mesh.send(echo, Message::new(Kind::user(0)))?;
    /// mesh.tick(Time::ZERO, Budget::unlimited())?;
    /// mesh.finish_recording()?;
    ///
    /// let mut replay = Replay::open(std::fs::File::open(&path)?, register, None)?;
    /// let tick = replay.step()?.expect("a tick was recorded");
    /// assert_eq!((tick.report.delivered, tick.hash), (1, mesh.state_hash()));
    /// assert!(replay.step()?.is_none());
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`RecordError::Begun`] unless the mesh is as it was made, [`RecordError::AlreadyRecording`],
    /// [`RecordError::Config`] if its configuration is longer as JSON than one that is read may be.
    pub fn record_to(
        &mut self,
        writer: Box<dyn Write + Send>,
        options: RecordOptions,
    ) -> Result<(), RecordError> {
        if let Some(recorder) = &self.recorder {
            return Err(RecordError::AlreadyRecording { bytes: recorder.bytes() });
        }
        if !self.is_untouched() {
            let (tick, sent) = (self.engine.view.tick, self.counters().sent());
            return Err(RecordError::Begun { tick, agents: self.agents(), sent });
        }
        let config = self.config.to_json()?;
        let (given, max) = (config.len(), Config::MAX_DOCUMENT_BYTES);
        if given > max {
            return Err(ConfigError::TooLong { given, max }.into());
        }
        let start = Start {
            version: env!("CARGO_PKG_VERSION"),
            config: &config,
            tick: self.engine.view.tick,
            hash: hash::state_hash(&self.engine),
            salt: self.config.generation_salt().get(),
        };
        let mut recorder = Recorder::begin(writer, options, start);
        for (processor, index) in self.engine.view.processors.iter().zip(0..) {
            let ProcessorShape { name, inputs, outputs } = processor;
            let (inputs, outputs) = (*inputs, *outputs);
            recorder.note(&Event::Processor { index, name, inputs, outputs });
        }
        if let Some(attached) = &mut self.engine.view.memory {
            attached.account();
        }
        self.recorder = Some(Box::new(recorder));
        Ok(())
    }

    /// Ends the recording and says how many bytes it has. All of them have gone to the writer, which
    /// was flushed and dropped.
    ///
    /// # Errors
    /// [`RecordError::NotRecording`]; [`RecordError::Write`] or [`RecordError::TooLong`] if that ended
    /// the recording before.
    pub fn finish_recording(&mut self) -> Result<u64, RecordError> {
        self.note_unrecorded();
        self.recorder.take().ok_or(RecordError::NotRecording)?.finish()
    }

    /// How far the recording is, and whether it failed; `None` if the session is not recorded.
    #[must_use]
    pub fn recording(&self) -> Option<Recording<'_>> {
        self.recorder.as_ref().map(|recorder| recorder.progress())
    }

    /// Notes a command of the host that was applied.
    #[inline]
    pub(in super::super) fn note(&mut self, event: Event<'_>) {
        if let Some(recorder) = &mut self.recorder {
            recorder.note(&event);
        }
    }

    /// Notes that the host changed the memory by hand since it was last seen to, if it did.
    #[inline]
    pub(in super::super) fn note_unrecorded(&mut self) {
        if let (Some(recorder), Some(attached)) = (&mut self.recorder, &mut self.engine.view.memory)
        {
            let changes = attached.unaccounted();
            if changes > 0 {
                recorder.note(&Event::Unrecorded { changes });
            }
        }
    }

    /// Whether nothing was ever done to the mesh that changes what it does next.
    fn is_untouched(&self) -> bool {
        let view = &self.engine.view;
        self.last.is_none()
            && view.round == 1
            // No slot was ever used.
            && view.roster.end() == 0
            && view.reach.is_none()
            && self.counters().sent() == 0
    }
}
