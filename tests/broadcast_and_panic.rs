//! A broadcast reaches everyone who was spawned before it, also where a receiver panics on it.
#![expect(clippy::panic, reason = "the agent under test")]

use xrmesh::{
    Agent, Budget, Config, Context, Envelope, Fault, Kind, Mesh, Message, SpawnOptions, Target,
    Time,
};

#[derive(Default)]
struct Ear(Vec<u32>);

impl Agent for Ear {
    fn on_message(&mut self, _: &mut Context<'_>, envelope: &Envelope<'_>) -> Result<(), Fault> {
        self.0.push(envelope.plain()?);
        Ok(())
    }
}

struct Trap;

impl Agent for Trap {
    fn on_message(&mut self, _: &mut Context<'_>, envelope: &Envelope<'_>) -> Result<(), Fault> {
        match envelope.plain::<u32>()? {
            5 => panic!("on the fifth"),
            3 | 7 => Err(Fault::new(xrmesh::FailureKind::ProcessingError, "a bad one")),
            _ => Ok(()),
        }
    }
}

#[test]
fn everyone_else_hears_every_broadcast() {
    let mut mesh = Mesh::new(Config::default()).unwrap();
    mesh.register("trap", |_| Ok::<_, Fault>(Trap)).unwrap();
    mesh.spawn_as("trap", &[], SpawnOptions::new()).unwrap();
    mesh.spawn(Trap).unwrap();
    let ears = [(); 70].map(|()| mesh.spawn(Ear::default()).unwrap());
    for frame in 0_u32..30 {
        mesh.send(Target::Everyone, Message::new(Kind::user(0)).plain(&frame)).unwrap();
        mesh.tick(Time::from_nanos(i64::from(frame) * 2_000_000_000), Budget::unlimited()).unwrap();
        assert!(mesh.counters().balanced());
    }
    for ear in ears {
        let heard = mesh.with_agent(ear, |ear: &Ear| ear.0.clone()).unwrap();
        assert_eq!(heard, (0..30).collect::<Vec<u32>>(), "{ear}");
    }
}
