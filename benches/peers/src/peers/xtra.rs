//! xtra actors with unbounded mailboxes on tokio's two workers: the one framework here that has message priorities.

use std::pin::pin;
use std::task::{Context as PollContext, Waker};
use std::time::Instant;

use tokio::runtime::Runtime;
use xtra::prelude::*;

use super::tokio::{one_thread, two_workers};
use crate::actors::{self, Actors, Agent};
use crate::harness::{Failure, Limits, Peer, Sample};
use crate::message::{Kind, Message, State};
use crate::watch::Stopwatch;

/// The peer.
pub const PEER: Peer = Peer {
    forward: Some(actors::forward::<Xtra>),
    forward_by_priority: Some(actors::forward::<Xtra>),
    broadcast: Some(actors::broadcast::<Xtra>),
    ask: Some(ask),
    idle: Some(actors::idle::<Xtra>),
    frame: Some(actors::frame::<Xtra>),
    ..Peer::named("xtra")
};

#[derive(Debug)]
struct Xtra(Runtime);

struct Handling(Agent<Xtra>);

impl Actor for Handling {
    type Stop = ();

    async fn stopped(self) {}
}

impl Handler<Message> for Handling {
    type Return = ();

    async fn handle(&mut self, message: Message, context: &mut Context<Self>) {
        if !self.0.on_message(&message) {
            context.stop_self();
        }
    }
}

impl Actors for Xtra {
    type Address = Address<Handling>;

    fn start() -> Result<Self, Failure> {
        two_workers().map(Self)
    }

    fn spawn(&self, agents: Vec<Agent<Self>>) -> Result<Vec<Self::Address>, Failure> {
        let _inside = self.0.enter();
        let mut addresses = Vec::with_capacity(agents.len());
        for agent in agents {
            addresses.push(xtra::spawn_tokio(Handling(agent), Mailbox::unbounded()));
        }
        Ok(addresses)
    }

    #[inline]
    fn send(address: &Self::Address, message: Message) {
        // Larger is more urgent in xtra, and 0 is its queue without priorities.
        let priority = if message.priority == 0 { 0 } else { 11 - u32::from(message.priority) };
        let sending = pin!(address.send(message).priority(priority).detach());
        // An unbounded mailbox takes the message at the first poll.
        let _ = sending.poll(&mut PollContext::from_waker(Waker::noop()));
    }

    fn task(&self, _: usize, task: impl Future<Output = ()> + Send + 'static) {
        self.0.spawn(task);
    }

    fn stop(self) -> Result<(), Failure> {
        drop(self.0);
        Ok(())
    }
}

struct Answerer(State);

impl Actor for Answerer {
    type Stop = ();

    async fn stopped(self) {}
}

impl Handler<Message> for Answerer {
    type Return = Message;

    async fn handle(&mut self, message: Message, _: &mut Context<Self>) -> Message {
        self.0.take(&message.body);
        Message { body: self.0.body(), ..message }
    }
}

fn ask(limits: &Limits) -> Result<Sample, Failure> {
    one_thread()?.block_on(async {
        let address = xtra::spawn_tokio(Answerer(State::new(1)), Mailbox::unbounded());
        let ended = address.join();
        let stopwatch = Stopwatch::start(limits);
        let asker = tokio::spawn(async move {
            let (mut stopwatch, mut state) = (stopwatch, State::new(0));
            loop {
                let asked_at = Instant::now();
                let message = Message { body: state.body(), ..Message::new(Kind::Deliver, 0) };
                let answer = address.send(message).await.map_err(Failure::broken)?;
                state.take(&answer.body);
                if !stopwatch.answered(asked_at) {
                    return stopwatch.sample();
                }
            }
        });
        let sample = asker.await.map_err(Failure::broken)?;
        ended.await;
        sample
    })
}
