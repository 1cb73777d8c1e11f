//! Messages to groups: the sender finds who they are, on the view that the round froze.
//!
//! Each receiver gets a packet of its own, and all share the payload. Only "everyone" stays one packet a
//! shard, which the receiving shard lays out over its pages.

use crate::agent::outbox::{Outbox, SendError};
use crate::agent::round::Round;
use crate::agent::trace::Outcome;
use crate::agent::view::{Match, View};
use crate::id::AgentId;
use crate::message::packet::{EVERYONE, Packet};
use crate::message::{DropReason, EnvelopeId, Message, Target};
use crate::space::Vec3;

impl Outbox {
    /// Sends to a group, resolved on the frozen view.
    pub(crate) fn send_group(
        &mut self,
        round: &mut Round<'_>,
        from: Option<AgentId>,
        target: Target,
        message: Message<'_>,
    ) -> Result<EnvelopeId, SendError> {
        let packet = self.packet(round.view, message.head(from), message)?;
        self.send_group_packet(round, target, packet)
    }

    /// The same for a packet that is made already.
    pub(crate) fn send_group_packet(
        &mut self,
        round: &mut Round<'_>,
        target: Target,
        packet: Packet,
    ) -> Result<EnvelopeId, SendError> {
        if let Target::Agent(to) = target {
            return self.send_packet(round, to, packet);
        }
        if target == Target::Everyone {
            return self.send_everyone(round, packet);
        }
        let view = round.view;
        let mut receivers = core::mem::take(&mut self.receivers);
        receivers.clear();
        let at = packet_position(view, &packet);
        let id = self
            .resolve(view, packet.from, target, at, &mut receivers)
            .and_then(|()| self.send_all(round, &receivers, packet));
        self.receivers = receivers;
        let id = id?;
        if let Some(trace) = &mut self.trace {
            trace.target(id, target);
            if let Target::Topic(topic) = target {
                view.interests.for_each(topic, at, |agent, stands| {
                    if stands == Match::OutOfRegion {
                        trace.outcome(id, agent, Outcome::OutOfRegion);
                    }
                });
            }
        }
        Ok(id)
    }

    fn send_all(
        &mut self,
        round: &mut Round<'_>,
        receivers: &[AgentId],
        mut packet: Packet,
    ) -> Result<EnvelopeId, SendError> {
        let messages = u32::try_from(receivers.len()).unwrap_or(u32::MAX).max(1);
        packet.sequence = self.reserve(messages)?;
        for &to in receivers {
            self.post(round, to, packet.clone());
        }
        let id = EnvelopeId::new(round.stamp.round, packet.sequence);
        if receivers.is_empty() {
            self.no_receiver(round, &packet, id);
        }
        Ok(id)
    }

    fn no_receiver(&mut self, round: &mut Round<'_>, packet: &Packet, id: EnvelopeId) {
        self.counters.record_sent(1);
        self.counters.record_dropped(DropReason::NoReceiver, 1);
        self.tell(round, packet, id, DropReason::NoReceiver);
    }

    /// One packet to each shard with agents; a shard's packet stands for all of its agents.
    fn send_everyone(
        &mut self,
        round: &mut Round<'_>,
        mut packet: Packet,
    ) -> Result<EnvelopeId, SendError> {
        let (view, from) = (round.view, packet.from);
        packet.flag(EVERYONE);
        let shards = view.layout.shards() as u32;
        packet.sequence = self.reserve(shards)?;
        let id = EnvelopeId::new(round.stamp.round, packet.sequence);
        let own =
            from.filter(|&from| view.roster.lives(from)).map(|id| view.layout.shard(id.slot()));
        let mut sent = 0;
        for (shard, &live) in view.roster.per_shard().iter().enumerate() {
            let receivers = live - u32::from(own == Some(shard));
            if receivers > 0 {
                let mut packet = packet.clone();
                (packet.target_slot, packet.target_generation) = (receivers, 0);
                self.row.weigh(shard, u64::from(receivers), packet.outside_bytes());
                let slot = view.layout.first_slot(shard, 0);
                self.row.push(slot, packet, round.stamp, round.pool);
                sent += u64::from(receivers);
            }
        }
        self.counters.record_sent(sent);
        if sent == 0 {
            self.no_receiver(round, &packet, id);
        }
        if let Some(trace) = &mut self.trace {
            trace.target(id, Target::Everyone);
        }
        Ok(id)
    }

    /// Who a group is, in the order in which they are served; never `from`.
    fn resolve(
        &mut self,
        view: &View,
        from: Option<AgentId>,
        target: Target,
        at: Option<Vec3>,
        receivers: &mut Vec<AgentId>,
    ) -> Result<(), SendError> {
        let own = from.map(AgentId::slot);
        let mut add = |slot: u32| {
            if Some(slot) != own {
                receivers.extend(view.roster.at(slot));
            }
        };
        match target {
            Target::Agent(_) | Target::Everyone => {}
            Target::Topic(topic) => {
                view.interests.for_each(topic, at, |agent, stands| {
                    if stands == Match::Interested {
                        add(agent.slot());
                    }
                });
            }
            Target::Near { point, radius } => {
                if !point.is_finite() || !radius.is_finite() || radius < 0.0 {
                    return Err(SendError::InvalidPlace { point, radius });
                }
                let (roster, space) = (&view.roster, &mut self.workspace);
                view.nearby.within(point, radius, roster, space, |slot, _| add(slot));
            }
            Target::Nearest { point, count } => {
                if !point.is_finite() {
                    return Err(SendError::InvalidPlace { point, radius: 0.0 });
                }
                let others = |slot| Some(slot) != own;
                let count = count as usize;
                let (roster, space) = (&view.roster, &mut self.workspace);
                view.nearby.nearest(point, count, roster, space, others, |slot, _| add(slot));
            }
            Target::Linked { hops } => {
                if let Some(own) = own {
                    view.links.within(own, hops, &mut self.search, |slot, _| add(slot));
                }
            }
        }
        Ok(())
    }
}

/// Where a message happens: as it says, else where its sender is.
fn packet_position(view: &View, packet: &Packet) -> Option<Vec3> {
    let said = packet.annex.as_ref().and_then(|annex| annex.pose);
    let pose = said.or_else(|| packet.from.and_then(|from| view.roster.pose(from.slot())));
    pose.map(|pose| pose.position())
}
