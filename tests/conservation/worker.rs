//! The agents of a program.

use std::time::Duration;

use xrmesh::{
    Agent, AgentId, Context, Envelope, FailureKind, Fault, Kind, Message, StateHasher, Target,
    Topic,
};

use crate::model::{Model, Shared};
use crate::program::{
    Act, How, Note, TOPICS, To, WORK, message, options, payload, pose, region, target,
};
use crate::support::at;

/// An agent; types of several sizes.
pub(crate) struct Worker<const SIZE: usize> {
    pub(crate) shared: Shared,
    pub(crate) cursed: bool,
    pub(crate) heard: u64,
    pub(crate) _state: [u8; SIZE],
}

impl<const SIZE: usize> Worker<SIZE> {
    pub(crate) fn new(shared: &Shared) -> Self {
        Self { shared: shared.clone(), cursed: false, heard: 0, _state: [0; SIZE] }
    }

    pub(crate) fn send(
        &self,
        context: &mut Context<'_>,
        to: To,
        how: How,
        depth: u8,
    ) -> Result<(), Fault> {
        let (me, now_ms) = (context.id(), context.now().as_nanos() / 1_000_000);
        let mut model = self.shared.lock();
        let Some(target) = target(to, Some(me), &model) else { return Ok(()) };
        let unicast = matches!(target, Target::Agent(_));
        let delayed = unicast && how.delay_ms.is_some();
        let depth = if unicast { depth.saturating_sub(1) } else { 0 };
        let mut note = model.note(me.to_bits(), how, !how.retry && !delayed, depth);
        let others = |model: &Model, context: &Context<'_>| -> Vec<AgentId> {
            let live = model.agents.iter().copied().filter(|&id| id != me && context.is_alive(id));
            live.collect()
        };
        match target {
            Target::Agent(to) => {
                note.target = to.to_bits();
                model.expect([to.to_bits()]);
            }
            Target::Everyone => {
                let receivers = others(&model, context);
                model.expect(receivers.into_iter().map(AgentId::to_bits));
            }
            Target::Near { point, radius } => {
                let near = others(&model, context).into_iter().filter(|&id| {
                    context.pose_of(id).is_some_and(|pose| {
                        pose.position().distance_squared(point) <= radius * radius
                    })
                });
                model.expect(near.map(AgentId::to_bits));
            }
            Target::Nearest { point, count } => {
                let mut near: Vec<_> = others(&model, context)
                    .into_iter()
                    .filter_map(|id| {
                        let place = context.pose_of(id)?.position();
                        Some((place.distance_squared(point).to_bits(), id.to_bits()))
                    })
                    .collect();
                near.sort_unstable();
                near.truncate(count as usize);
                model.expect(near.into_iter().map(|(_, id)| id));
            }
            Target::Linked { .. } => {
                let linked: Vec<_> = context.neighbours().map(AgentId::to_bits).collect();
                model.expect(linked);
            }
            _ => {
                if let To::Topic(topic) = to {
                    let place = context.pose().map(|pose| pose.position());
                    model.expect_topic(usize::from(topic) % 3, place, me.to_bits());
                }
            }
        }
        let bytes = payload(&note, how.more);
        let message = message(&bytes, how, now_ms);
        let sent = match (how.delay_ms, target) {
            (Some(delay), Target::Agent(to)) => {
                context.send_at(at(now_ms + i64::from(delay)), to, message).map(drop)
            }
            _ => context.send(target, message).map(drop),
        };
        if sent.is_err() {
            model.refused();
        }
        drop(model);
        sent?;
        Ok(())
    }

    pub(crate) fn act(
        &mut self,
        context: &mut Context<'_>,
        act: Act,
        envelope: Option<&Envelope<'_>>,
        depth: u8,
    ) -> Result<(), Fault> {
        let me = context.id();
        match act {
            Act::Send { to, how } => self.send(context, to, how, depth)?,
            Act::Ask { who, how, timeout_ms } => {
                let mut model = self.shared.lock();
                let Some(to) = model.pick(who) else { return Ok(()) };
                let note = model.note(me.to_bits(), how, !how.retry, depth.saturating_sub(1));
                model.expect([to.to_bits()]);
                let bytes = payload(&note, how.more);
                let now_ms = context.now().as_nanos() / 1_000_000;
                let timeout = Duration::from_millis(u64::from(timeout_ms));
                let asked = context.ask(to, message(&bytes, how, now_ms), timeout);
                if asked.is_err() {
                    model.refused();
                }
                drop(model);
                asked?;
            }
            Act::Reply => {
                if let Some(envelope) = envelope.filter(|envelope| envelope.is_question()) {
                    context.reply(envelope, Message::new(Kind::user(1)).bytes(b"answer"))?;
                }
            }
            Act::Forward { who } => {
                let to = self.shared.lock().pick(who);
                if let (Some(envelope), Some(to)) = (envelope, to)
                    && depth > 0
                {
                    context.forward(envelope, to)?;
                }
            }
            Act::Panic => panic!("wanted: a handler panics"),
            Act::Fail => return Err(Fault::new(FailureKind::ProcessingError, "as told")),
            Act::Curse => self.cursed = true,
            Act::Spawn { kind, mailbox, place } => {
                let (options, shared) = (options(mailbox, place), self.shared.clone());
                let spawned = match kind % 4 {
                    0 => context.spawn(Worker::<0>::new(&shared), options),
                    1 => context.spawn(Worker::<100>::new(&shared), options),
                    2 => context.spawn(Ticker(Worker::new(&shared)), options),
                    _ => context
                        .spawn::<Box<dyn Agent>>(Box::new(Worker::<8>::new(&shared)), options),
                };
                if let Ok(id) = spawned {
                    self.shared.lock().agents.push(id);
                }
            }
            Act::Despawn { who } => {
                let id = self.shared.lock().pick(who);
                if let Some(id) = id {
                    let _ = context.despawn(id);
                }
            }
            Act::DespawnSelf => context.despawn(me)?,
            Act::Move { place } => context.move_to(pose(place))?,
            Act::Subscribe { topic, near } => {
                self.shared.lock().unsure.insert(me.to_bits());
                context.subscribe(TOPICS[usize::from(topic) % 3], near.map(region))?;
            }
            Act::Unsubscribe { topic } => {
                self.shared.lock().unsure.insert(me.to_bits());
                context.unsubscribe(Topic::named(TOPICS[usize::from(topic) % 3]))?;
            }
            Act::Connect { who } => {
                let id = self.shared.lock().pick(who);
                if let Some(id) = id {
                    let _ = context.connect(id);
                }
            }
            Act::Disconnect { who } => {
                let id = self.shared.lock().pick(who);
                if let Some(id) = id {
                    let _ = context.disconnect(id);
                }
            }
            Act::Wake { after_ms } => {
                drop(context.wake_at(context.now() + Duration::from_millis(u64::from(after_ms))));
            }
            Act::Quarantine { .. } => {}
        }
        Ok(())
    }
}

impl<const SIZE: usize> Agent for Worker<SIZE> {
    fn on_message(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        self.heard += 1;
        let (me, tick) = (context.id(), context.tick());
        self.shared.lock().saw(me, tick, envelope);
        let mut outcome = Ok(());
        if envelope.kind() == WORK {
            let note: Note = bytemuck::pod_read_unaligned(&envelope.bytes()[..size_of::<Note>()]);
            let acts = {
                let model = self.shared.lock();
                let behaviours = &model.behaviours;
                behaviours[usize::from(note.behaviour) % behaviours.len()].clone()
            };
            if note.depth > 0 {
                for act in acts {
                    outcome = outcome.and(self.act(context, act, Some(envelope), note.depth as u8));
                }
            }
        }
        self.shared.lock().returned += 1;
        outcome
    }

    fn on_tick(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        let act = self.shared.lock().behaviours.first().and_then(|acts| acts.first().copied());
        match act {
            Some(act) if self.heard % 3 == 1 => self.act(context, act, None, 1),
            _ => Ok(()),
        }
    }

    fn on_start(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        let act = self.shared.lock().behaviours.last().and_then(|acts| acts.last().copied());
        match act {
            Some(act @ (Act::Send { .. } | Act::Panic | Act::Fail | Act::Wake { .. })) => {
                self.act(context, act, None, 1)
            }
            _ => Ok(()),
        }
    }

    fn on_stop(&mut self, context: &mut Context<'_>) {
        let act = self.shared.lock().behaviours.last().and_then(|acts| acts.first().copied());
        if let Some(act) = act {
            let _ = self.act(context, act, None, 1);
        }
    }

    fn hash_state(&self, hasher: &mut StateHasher) {
        hasher.u64(self.heard);
    }
}

impl<const SIZE: usize> Drop for Worker<SIZE> {
    fn drop(&mut self) {
        if self.cursed {
            panic!("wanted: a drop panics");
        }
    }
}

/// One that is ticked.
pub(crate) struct Ticker(pub(crate) Worker<16>);

impl Agent for Ticker {
    fn on_message(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        self.0.on_message(context, envelope)
    }

    fn on_tick(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        self.0.on_tick(context)
    }

    fn ticks() -> bool {
        true
    }
}
