//! actix actors on two arbiters, half of the agents on each: an arbiter is one thread with a tokio runtime.

use std::sync::mpsc;
use std::time::Instant;

use actix::prelude::{Actor, Arbiter, Context, Handler, MessageResult, System};
use actix::{ActorContext, Addr};

use crate::actors::{self, Actors, Agent};
use crate::harness::{Failure, Limits, Peer, Sample};
use crate::message::{Kind, Message, State};
use crate::watch::Stopwatch;

/// The peer.
pub const PEER: Peer = Peer {
    forward: Some(actors::forward::<Actix>),
    broadcast: Some(actors::broadcast::<Actix>),
    ask: Some(ask),
    idle: Some(actors::idle::<Actix>),
    frame: Some(actors::frame::<Actix>),
    ..Peer::named("actix")
};

/// A message without an answer.
struct Tell(Message);

impl actix::Message for Tell {
    type Result = ();
}

struct Handling(Agent<Actix>);

impl Actor for Handling {
    type Context = Context<Self>;
}

impl Handler<Tell> for Handling {
    type Result = ();

    fn handle(&mut self, Tell(message): Tell, context: &mut Context<Self>) {
        if !self.0.on_message(&message) {
            context.stop();
        }
    }
}

/// Two arbiters of a system that itself runs on a third thread, which sleeps.
#[derive(Debug)]
struct Actix {
    system: System,
    system_thread: std::thread::JoinHandle<std::io::Result<()>>,
    arbiters: [Arbiter; 2],
}

impl Actors for Actix {
    type Address = Addr<Handling>;

    fn start() -> Result<Self, Failure> {
        let (ready, started) = mpsc::channel();
        let system_thread = std::thread::spawn(move || {
            let runner = System::new();
            let _ = ready.send((System::current(), [Arbiter::new(), Arbiter::new()]));
            runner.run()
        });
        let (system, arbiters) = started.recv().map_err(Failure::broken)?;
        Ok(Self { system, system_thread, arbiters })
    }

    fn spawn(&self, agents: Vec<Agent<Self>>) -> Result<Vec<Self::Address>, Failure> {
        let count = agents.len();
        let mut addresses = Vec::with_capacity(count);
        for (index, agent) in agents.into_iter().enumerate() {
            let arbiter = &self.arbiters[usize::from(index >= count / 2)];
            let start = move |_: &mut Context<Handling>| Handling(agent);
            addresses.push(Handling::start_in_arbiter(&arbiter.handle(), start));
        }
        Ok(addresses)
    }

    #[inline]
    fn send(address: &Self::Address, message: Message) {
        // Beyond the mailbox's capacity on purpose: unbounded, as the others.
        address.do_send(Tell(message));
    }

    fn task(&self, worker: usize, task: impl Future<Output = ()> + Send + 'static) {
        self.arbiters[worker].spawn(task);
    }

    fn stop(self) -> Result<(), Failure> {
        for arbiter in self.arbiters {
            arbiter.stop();
            arbiter.join().map_err(|_| Failure::broken("an arbiter panicked"))?;
        }
        self.system.stop();
        let ended = self.system_thread.join();
        ended.map_err(|_| Failure::broken("the system panicked"))?.map_err(Failure::broken)
    }
}

/// A message with an answer.
struct Question(Message);

impl actix::Message for Question {
    type Result = Message;
}

struct Answerer(State);

impl Actor for Answerer {
    type Context = Context<Self>;
}

impl Handler<Question> for Answerer {
    type Result = MessageResult<Question>;

    fn handle(&mut self, Question(message): Question, _: &mut Context<Self>) -> Self::Result {
        self.0.take(&message.body);
        MessageResult(Message { body: self.0.body(), ..message })
    }
}

fn ask(limits: &Limits) -> Result<Sample, Failure> {
    // A system registers itself on its thread; a thread of its own leaves this one as it was.
    let limits = *limits;
    let asking = std::thread::spawn(move || {
        System::new().block_on(async move {
            let address = Answerer(State::new(1)).start();
            let (mut stopwatch, mut state) = (Stopwatch::start(&limits), State::new(0));
            loop {
                let asked_at = Instant::now();
                let message = Message { body: state.body(), ..Message::new(Kind::Deliver, 0) };
                let answer = address.send(Question(message)).await.map_err(Failure::broken)?;
                state.take(&answer.body);
                if !stopwatch.answered(asked_at) {
                    return stopwatch.sample();
                }
            }
        })
    });
    asking.join().map_err(|_| Failure::broken("the asking thread panicked"))?
}
