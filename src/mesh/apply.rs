//! Commands, applied between rounds: those of agents and those of the host alike.

use std::collections::BTreeMap;

use crate::agent::command::Command;
use crate::agent::round::Round;
use crate::agent::view::View;
use crate::agent::ward::Finding;
use crate::agent::{HealingAction, HealthChange};
use crate::dispatch::engine::Engine;
use crate::dispatch::shard::Shard;
use crate::id::AgentId;
use crate::mesh::registry::Birth;
use crate::mesh::report::{Events, HealthEvent};
use crate::message::{Kind, Refused, RefusedCommand};
use crate::time::Time;

/// How the agents came to be that can be made again, by slot.
pub(crate) type Births = BTreeMap<u32, Birth>;

/// Applies one command.
pub(crate) fn apply(
    engine: &mut Engine,
    births: &mut Births,
    events: &mut Events,
    command: Command,
) {
    match command {
        Command::Spawn { id, agent, options } => {
            // A broadcast is followed by a new round, so those of this round are yet to come.
            let born = engine.view.round;
            let (view, shard, _) = engine.parts(engine.view.layout.shard(id.slot()));
            view.roster.enter(id, options.pose);
            if let Some(pose) = options.pose {
                view.nearby.place(id.slot(), pose.position());
            }
            shard.settle(view, id, agent, &options, born);
        }
        Command::Despawn(id) => {
            despawn(engine, births, id);
        }
        Command::Move(id, pose) => {
            if engine.view.roster.lives(id) {
                engine.view.roster.place(id.slot(), pose);
                engine.view.nearby.place(id.slot(), pose.position());
            }
        }
        Command::Subscribe { id, topic, name, region } => {
            if !engine.view.roster.lives(id) {
                return;
            }
            let view = &mut engine.view;
            let held: Option<Box<str>> = view.interests.name(topic).map(Into::into);
            // A topic that was known when the command was given, and forgotten since, has no name.
            let subscribed = match name.or(held) {
                Some(name) => view.interests.subscribe(id, &name, region, &view.limits).is_ok(),
                None => false,
            };
            if !subscribed {
                refuse(engine, id, Refused::new(RefusedCommand::Subscribe, topic.to_bits()));
            }
        }
        Command::Unsubscribe { id, topic } => {
            engine.view.interests.unsubscribe(id, topic);
        }
        Command::Connect(a, b) => {
            let view = &mut engine.view;
            let live = view.roster.lives(a) && view.roster.lives(b);
            let linked =
                live && view.links.connect(a.slot(), b.slot(), true, view.limits.links).is_ok();
            if !linked {
                refuse(engine, a, Refused::new(RefusedCommand::Connect, b.to_bits()));
            }
        }
        Command::Disconnect(a, b) => {
            let view = &mut engine.view;
            if view.roster.lives(a) && view.roster.lives(b) {
                view.links.disconnect(a.slot(), b.slot());
            }
        }
        Command::Restart(id) => restart(engine, births, events, id),
    }
}

/// Tells an agent that a command of it was refused.
fn refuse(engine: &mut Engine, id: AgentId, refused: Refused) {
    if engine.view.roster.lives(id) {
        let stamp = engine.stamp();
        let (view, shard, pool) = engine.parts(engine.view.layout.shard(id.slot()));
        let bytes = bytemuck::bytes_of(&refused);
        shard.outbox.row.seal();
        shard.outbox.notice(&mut Round { view, stamp, pool }, id, Kind::REFUSED, bytes, None);
    }
}

/// Ends an agent; false if it did not live.
pub(crate) fn despawn(engine: &mut Engine, births: &mut Births, id: AgentId) -> bool {
    if !engine.view.roster.lives(id) {
        return false;
    }
    // Its last words go by what was commanded before: places and what is near them agree.
    engine.view.settle_moves();
    let stamp = engine.stamp();
    let (view, shard, pool) = engine.parts(engine.view.layout.shard(id.slot()));
    shard.outbox.row.seal();
    shard.remove(Round { view, stamp, pool }, id);
    // Its last words may be for everyone, but not for those who are spawned after it.
    shard.outbox.row.seal();
    view.round += 1;
    view.roster.leave(id);
    view.nearby.remove(id.slot());
    view.interests.forget(id);
    view.links.forget(id);
    births.remove(&id.slot());
    true
}

/// An agent panicked: puts a new one in its place, or gives it up. While its breaker is open, it waits
/// for the check that finds it closed: one that panics as it starts is not restarted every round.
fn restart(engine: &mut Engine, births: &Births, events: &mut Events, id: AgentId) {
    let now = engine.view.now;
    if !engine.view.roster.lives(id) {
        return;
    }
    let (view, shard, _) = engine.parts(engine.view.layout.shard(id.slot()));
    let has_factory = births.contains_key(&id.slot());
    if has_factory && shard.outbox.ward.is_tripped(id.slot(), now) {
        return;
    }
    replace(view, shard, births, events, id, Some(HealingAction::Restart));
}

/// Puts a new agent in the place of one, or gives it up if there is no factory or it refuses; `noted`
/// is what the event says was done, if no event before said it.
fn replace(
    view: &View,
    shard: &mut Shard,
    births: &Births,
    events: &mut Events,
    id: AgentId,
    noted: Option<HealingAction>,
) {
    let agent = births.get(&id.slot()).and_then(|birth| birth.again().ok());
    let (change, action) = match agent {
        Some(agent) => {
            shard.resettle(view, id, agent);
            (shard.outbox.ward.restart(id), noted)
        }
        None => (shard.outbox.ward.give_up(id), None),
    };
    note(events, id, change, action, view.now);
}

fn note(
    events: &mut Events,
    agent: AgentId,
    change: Option<HealthChange>,
    action: Option<HealingAction>,
    at: Time,
) {
    if let Some(change) = change {
        events.push(HealthEvent { agent, change, action, at });
    }
}

/// Gives an agent that lives no more mail, or some again.
pub(crate) fn quarantine(engine: &mut Engine, events: &mut Events, id: AgentId, quarantined: bool) {
    let (view, shard, _) = engine.parts(engine.view.layout.shard(id.slot()));
    let change = shard.outbox.ward.quarantine(id, quarantined);
    shard.set_open(view.layout, id, false);
    let action = quarantined.then_some(HealingAction::Quarantine);
    note(events, id, change, action, view.now);
}

/// Judges the agents that failed lately, and heals.
pub(crate) fn check_health(engine: &mut Engine, births: &Births, events: &mut Events, fade: bool) {
    let stamp = engine.stamp();
    for index in 0..engine.shard_count() {
        let (view, shard, pool) = engine.parts(index);
        if shard.outbox.ward.is_empty() {
            continue;
        }
        shard.outbox.row.seal();
        let mut findings = Vec::new();
        let has_factory = |id: AgentId| births.contains_key(&id.slot());
        let (now, care) = (stamp.sent_at, view.care);
        shard.outbox.ward.check(now, fade, &care, has_factory, |finding| findings.push(finding));
        for finding in findings {
            let (view, shard, pool) = (&mut *view, &mut *shard, &mut *pool);
            match finding {
                Finding::Released(id) => shard.set_open(view.layout, id, true),
                Finding::Restartable(id) => {
                    replace(view, shard, births, events, id, Some(HealingAction::Restart));
                }
                Finding::Changed(id, change, action) => {
                    events.push(HealthEvent { agent: id, change, action, at: now });
                    match action {
                        Some(HealingAction::Restart) => {
                            replace(view, shard, births, events, id, None);
                        }
                        Some(HealingAction::ResetMailbox) => {
                            shard.reset_mailbox(&mut Round { view, stamp, pool }, id);
                        }
                        Some(HealingAction::Relink) => view.nearby.touch(id.slot()),
                        // The ward holds it already.
                        Some(HealingAction::Quarantine) | None => {}
                    }
                }
            }
        }
    }
}
