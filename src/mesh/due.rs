//! When the mesh has something to do by itself.

use crate::mesh::Mesh;
use crate::time::Time;

impl Mesh {
    /// When the next [`tick`](Self::tick) has something to do: the last tick's time or an earlier one
    /// if it has at once, because mail waits, handlers are to start or a queue of a handle or lane
    /// holds something; the time of the first delayed message, wake, retry, question's timeout,
    /// batch of vectors or check of a failing agent's health; `None` if nothing will happen until somebody sends.
    ///
    /// A time may be early: a question that was answered meanwhile still shows until its timeout. The
    /// [`on_tick`](crate::Agent::on_tick) of types that want every tick does not count: they run as
    /// often as the host ticks. O(shards + lanes).
    ///
    /// ```
    /// # use xrmesh::{Agent, Budget, Config, Context, Envelope, Fault, Mesh, Time};
    /// # use std::time::Duration;
    /// struct Alarm;
    /// impl Agent for Alarm {
    ///     fn on_start(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
    ///         context.wake_at(context.now() + Duration::from_secs(5));
    ///         Ok(())
    ///     }
    ///     fn on_message(&mut self, _: &mut Context<'_>, _: &Envelope<'_>) -> Result<(), Fault> { Ok(()) }
    /// }
    ///
    /// let mut mesh = Mesh::new(Config::default())?;
    /// assert_eq!(mesh.next_due(), None);
    /// mesh.spawn(Alarm)?;
    /// assert!(mesh.next_due() <= Some(Time::ZERO));
    /// mesh.tick(Time::ZERO, Budget::unlimited())?;
    /// assert_eq!(mesh.next_due(), Some(Time::ZERO + Duration::from_secs(5)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn next_due(&mut self) -> Option<Time> {
        let at_once = self.last.unwrap_or(Time::from_nanos(i64::MIN));
        if self.inbox.is_ready() || !self.engine.host.row.is_empty() {
            return Some(at_once);
        }
        let (mut due, mut patients) = (Time::MAX, false);
        for index in 0..self.engine.shard_count() {
            let shard = self.engine.shard(index);
            if shard.pairs() > 0 || shard.events() > 0 || !shard.outbox.row.is_empty() {
                return Some(at_once);
            }
            due = due.min(shard.outbox.timer.next()).min(shard.outbox.asks.next());
            patients |= !shard.outbox.ward.is_empty();
        }
        if patients {
            due = due.min(self.next_check);
        }
        #[cfg(feature = "photonic")]
        {
            due = due.min(self.engine.processors.next());
        }
        (due < Time::MAX).then_some(due)
    }
}
