//! A bare tokio task per agent, each with an unbounded mpsc queue, on two workers. Also the runtimes of the others.

use std::time::Instant;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, oneshot};

use crate::actors::{self, Actors, Agent};
use crate::harness::{Failure, Limits, Peer, Sample};
use crate::message::{Kind, Message, State};
use crate::watch::Stopwatch;

/// The peer.
pub const PEER: Peer = Peer {
    forward: Some(actors::forward::<Tasks>),
    broadcast: Some(actors::broadcast::<Tasks>),
    ask: Some(ask),
    idle: Some(actors::idle::<Tasks>),
    frame: Some(actors::frame::<Tasks>),
    ..Peer::named("tokio")
};

/// A tokio runtime on two workers.
///
/// # Errors
///
/// Where threads cannot be started.
pub fn two_workers() -> Result<Runtime, Failure> {
    Builder::new_multi_thread().worker_threads(2).enable_time().build().map_err(Failure::broken)
}

/// A tokio runtime on the calling thread.
///
/// # Errors
///
/// Where it cannot be built.
pub fn one_thread() -> Result<Runtime, Failure> {
    Builder::new_current_thread().enable_time().build().map_err(Failure::broken)
}

#[derive(Debug)]
struct Tasks(Runtime);

impl Actors for Tasks {
    type Address = mpsc::UnboundedSender<Message>;

    fn start() -> Result<Self, Failure> {
        two_workers().map(Self)
    }

    fn spawn(&self, agents: Vec<Agent<Self>>) -> Result<Vec<Self::Address>, Failure> {
        let mut addresses = Vec::with_capacity(agents.len());
        for mut agent in agents {
            let (address, mut mailbox) = mpsc::unbounded_channel::<Message>();
            self.0.spawn(async move {
                while let Some(message) = mailbox.recv().await {
                    if !agent.on_message(&message) {
                        break;
                    }
                }
            });
            addresses.push(address);
        }
        Ok(addresses)
    }

    #[inline]
    fn send(address: &Self::Address, message: Message) {
        let _ = address.send(message);
    }

    fn task(&self, _: usize, task: impl Future<Output = ()> + Send + 'static) {
        self.0.spawn(task);
    }

    fn stop(self) -> Result<(), Failure> {
        drop(self.0);
        Ok(())
    }
}

/// A question and the way back of its answer.
struct Question {
    message: Message,
    answer: oneshot::Sender<Message>,
}

fn ask(limits: &Limits) -> Result<Sample, Failure> {
    one_thread()?.block_on(async {
        let (questions, mut asked) = mpsc::unbounded_channel::<Question>();
        let answerer = tokio::spawn(async move {
            let mut state = State::new(1);
            while let Some(question) = asked.recv().await {
                state.take(&question.message.body);
                let answer = Message { body: state.body(), ..question.message };
                let _ = question.answer.send(answer);
            }
        });
        let stopwatch = Stopwatch::start(limits);
        let asker = tokio::spawn(async move {
            let (mut stopwatch, mut state) = (stopwatch, State::new(0));
            loop {
                let asked_at = Instant::now();
                let message = Message { body: state.body(), ..Message::new(Kind::Deliver, 0) };
                let (answer, answered) = oneshot::channel();
                questions.send(Question { message, answer }).map_err(Failure::broken)?;
                state.take(&answered.await.map_err(Failure::broken)?.body);
                if !stopwatch.answered(asked_at) {
                    return stopwatch.sample();
                }
            }
        });
        let sample = asker.await.map_err(Failure::broken)?;
        answerer.await.map_err(Failure::broken)?;
        sample
    })
}
