//! ractor actors on tokio's two workers, without the tracing span that its default features attach to each message.

use std::time::Instant;

use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};
use tokio::runtime::Runtime;

use super::tokio::{one_thread, two_workers};
use crate::actors::{self, Actors, Agent};
use crate::harness::{Failure, Limits, Peer, Sample};
use crate::message::{Kind, Message, State};
use crate::watch::Stopwatch;

/// The peer.
pub const PEER: Peer = Peer {
    forward: Some(actors::forward::<Ractor>),
    broadcast: Some(actors::broadcast::<Ractor>),
    ask: Some(ask),
    idle: Some(actors::idle::<Ractor>),
    frame: Some(actors::frame::<Ractor>),
    ..Peer::named("ractor")
};

#[derive(Debug)]
struct Ractor(Runtime);

/// The state lives beside the actor, as ractor wants it.
struct Handler;

impl Actor for Handler {
    type Msg = Message;
    type State = Agent<Ractor>;
    type Arguments = Agent<Ractor>;

    async fn pre_start(
        &self,
        _: ActorRef<Message>,
        agent: Agent<Ractor>,
    ) -> Result<Agent<Ractor>, ActorProcessingErr> {
        Ok(agent)
    }

    async fn handle(
        &self,
        myself: ActorRef<Message>,
        message: Message,
        agent: &mut Agent<Ractor>,
    ) -> Result<(), ActorProcessingErr> {
        if !agent.on_message(&message) {
            myself.stop(None);
        }
        Ok(())
    }
}

impl Actors for Ractor {
    type Address = ActorRef<Message>;

    fn start() -> Result<Self, Failure> {
        two_workers().map(Self)
    }

    fn spawn(&self, agents: Vec<Agent<Self>>) -> Result<Vec<Self::Address>, Failure> {
        self.0.block_on(async {
            let mut addresses = Vec::with_capacity(agents.len());
            for agent in agents {
                let (address, _) =
                    Actor::spawn(None, Handler, agent).await.map_err(Failure::broken)?;
                addresses.push(address);
            }
            Ok(addresses)
        })
    }

    #[inline]
    fn send(address: &Self::Address, message: Message) {
        let _ = address.send_message(message);
    }

    fn task(&self, _: usize, task: impl Future<Output = ()> + Send + 'static) {
        self.0.spawn(task);
    }

    fn stop(self) -> Result<(), Failure> {
        drop(self.0);
        Ok(())
    }
}

/// Answers questions.
struct Answerer;

struct Question(Message, RpcReplyPort<Message>);

impl Actor for Answerer {
    type Msg = Question;
    type State = State;
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Question>, (): ()) -> Result<State, ActorProcessingErr> {
        Ok(State::new(1))
    }

    async fn handle(
        &self,
        _: ActorRef<Question>,
        Question(message, reply): Question,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        state.take(&message.body);
        Ok(reply.send(Message { body: state.body(), ..message })?)
    }
}

fn ask(limits: &Limits) -> Result<Sample, Failure> {
    one_thread()?.block_on(async {
        let (answerer, ended) = Actor::spawn(None, Answerer, ()).await.map_err(Failure::broken)?;
        let address = answerer.clone();
        let stopwatch = Stopwatch::start(limits);
        let asker = tokio::spawn(async move {
            let (mut stopwatch, mut state) = (stopwatch, State::new(0));
            loop {
                let asked_at = Instant::now();
                let message = Message { body: state.body(), ..Message::new(Kind::Deliver, 0) };
                let answer = ractor::call!(address, Question, message).map_err(Failure::broken)?;
                state.take(&answer.body);
                if !stopwatch.answered(asked_at) {
                    return stopwatch.sample();
                }
            }
        });
        let sample = asker.await.map_err(Failure::broken)?;
        answerer.stop(None);
        ended.await.map_err(Failure::broken)?;
        sample
    })
}
