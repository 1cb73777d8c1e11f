//! kameo actors with unbounded mailboxes on tokio's two workers, without tracing.

use std::convert::Infallible;
use std::time::Instant;

use kameo::actor::{Actor, ActorRef, Spawn};
use kameo::mailbox;
use kameo::message::{Context, Message as Handle};
use tokio::runtime::Runtime;

use super::tokio::{one_thread, two_workers};
use crate::actors::{self, Actors, Agent};
use crate::harness::{Failure, Limits, Peer, Sample};
use crate::message::{Kind, Message, State};
use crate::watch::Stopwatch;

/// The peer.
pub const PEER: Peer = Peer {
    forward: Some(actors::forward::<Kameo>),
    broadcast: Some(actors::broadcast::<Kameo>),
    ask: Some(ask),
    idle: Some(actors::idle::<Kameo>),
    frame: Some(actors::frame::<Kameo>),
    ..Peer::named("kameo")
};

#[derive(Debug)]
struct Kameo(Runtime);

struct Handler(Agent<Kameo>);

impl Actor for Handler {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(args: Self, _: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(args)
    }
}

impl Handle<Message> for Handler {
    type Reply = ();

    async fn handle(&mut self, message: Message, context: &mut Context<Self, ()>) {
        if !self.0.on_message(&message) {
            context.stop();
        }
    }
}

impl Actors for Kameo {
    type Address = ActorRef<Handler>;

    fn start() -> Result<Self, Failure> {
        two_workers().map(Self)
    }

    fn spawn(&self, agents: Vec<Agent<Self>>) -> Result<Vec<Self::Address>, Failure> {
        let _inside = self.0.enter();
        let mut addresses = Vec::with_capacity(agents.len());
        for agent in agents {
            addresses.push(Handler::spawn_with_mailbox(Handler(agent), mailbox::unbounded()));
        }
        Ok(addresses)
    }

    #[inline]
    fn send(address: &Self::Address, message: Message) {
        let _ = address.tell(message).try_send();
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
    type Args = Self;
    type Error = Infallible;

    async fn on_start(args: Self, _: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(args)
    }
}

#[derive(kameo::Reply)]
struct Answer(Message);

impl Handle<Message> for Answerer {
    type Reply = Answer;

    async fn handle(&mut self, message: Message, _: &mut Context<Self, Answer>) -> Answer {
        self.0.take(&message.body);
        Answer(Message { body: self.0.body(), ..message })
    }
}

fn ask(limits: &Limits) -> Result<Sample, Failure> {
    one_thread()?.block_on(async {
        let answerer = Answerer::spawn_with_mailbox(Answerer(State::new(1)), mailbox::unbounded());
        let address = answerer.clone();
        let stopwatch = Stopwatch::start(limits);
        let asker = tokio::spawn(async move {
            let (mut stopwatch, mut state) = (stopwatch, State::new(0));
            loop {
                let asked_at = Instant::now();
                let message = Message { body: state.body(), ..Message::new(Kind::Deliver, 0) };
                let answer = address.ask(message).await.map_err(Failure::broken)?;
                state.take(&answer.0.body);
                if !stopwatch.answered(asked_at) {
                    return stopwatch.sample();
                }
            }
        });
        let sample = asker.await.map_err(Failure::broken)?;
        answerer.stop_gracefully().await.map_err(Failure::broken)?;
        answerer.wait_for_shutdown().await;
        sample
    })
}
