//! Who wants to hear of what, and where.

use std::collections::BTreeMap;

use crate::agent::CommandError;
use crate::id::AgentId;
use crate::message::{Topic, TopicError};
use crate::space::{Region, Vec3};

/// Topics and their subscribers.
#[derive(Debug, Default)]
pub(crate) struct Interests {
    topics: BTreeMap<Topic, Subscribers>,
    by_slot: BTreeMap<u32, Vec<Topic>>,
}

#[derive(Debug)]
struct Subscribers {
    name: Box<str>,
    /// Sorted by agent.
    list: Vec<Interest>,
}

/// Who, and where if not everywhere.
pub(crate) type Interest = (AgentId, Option<Box<Region>>);

/// How an interest stands to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Match {
    OutOfRegion,
    Interested,
}

impl Interests {
    /// Whether `name` may be subscribed to.
    pub(crate) fn check(
        &self,
        name: &str,
        limit: usize,
        bytes: usize,
    ) -> Result<Topic, TopicError> {
        if name.is_empty() {
            return Err(TopicError::Empty);
        }
        if name.len() > bytes {
            return Err(TopicError::TooLong { given: name.len(), limit: bytes });
        }
        let topic = Topic::named(name);
        match self.topics.get(&topic) {
            Some(held) if *held.name != *name => {
                Err(TopicError::Collision { given: name.into(), held: held.name.clone() })
            }
            None if self.topics.len() >= limit => Err(TopicError::TooMany { limit }),
            _ => Ok(topic),
        }
    }

    /// Whether the topic has subscribers.
    pub(crate) fn has(&self, topic: Topic) -> bool {
        self.topics.contains_key(&topic)
    }

    /// Subscribes, or changes the region of a subscription.
    pub(crate) fn subscribe(
        &mut self,
        id: AgentId,
        name: &str,
        region: Option<Box<Region>>,
        limits: &super::Limits,
    ) -> Result<(), CommandError> {
        let topic = self.check(name, limits.topics, limits.topic_bytes)?;
        let held = self.by_slot.entry(id.slot()).or_default();
        if !held.contains(&topic) {
            if held.len() >= limits.interests {
                return Err(CommandError::TooManyInterests { id, limit: limits.interests });
            }
            held.push(topic);
        }
        let subscribers = self
            .topics
            .entry(topic)
            .or_insert_with(|| Subscribers { name: name.into(), list: Vec::new() });
        match subscribers.list.binary_search_by_key(&id, |(id, _)| *id) {
            Ok(at) => subscribers.list[at].1 = region,
            Err(at) => subscribers.list.insert(at, (id, region)),
        }
        Ok(())
    }

    /// The name of a topic that has subscribers.
    pub(crate) fn name(&self, topic: Topic) -> Option<&str> {
        self.topics.get(&topic).map(|subscribers| &*subscribers.name)
    }

    /// Ends a subscription; false if there was none. A topic without subscribers is forgotten.
    pub(crate) fn unsubscribe(&mut self, id: AgentId, topic: Topic) -> bool {
        let Some(subscribers) = self.topics.get_mut(&topic) else { return false };
        let Ok(at) = subscribers.list.binary_search_by_key(&id, |(id, _)| *id) else {
            return false;
        };
        subscribers.list.remove(at);
        if subscribers.list.is_empty() {
            self.topics.remove(&topic);
        }
        if let Some(held) = self.by_slot.get_mut(&id.slot()) {
            held.retain(|&other| other != topic);
        }
        true
    }

    /// Ends all subscriptions of an agent.
    pub(crate) fn forget(&mut self, id: AgentId) {
        for topic in self.by_slot.get(&id.slot()).cloned().unwrap_or_default() {
            self.unsubscribe(id, topic);
        }
        self.by_slot.remove(&id.slot());
    }

    /// Calls `each` with every subscriber of a topic and how its interest stands to a message at `at`.
    /// An interest in a region does not match a message that is nowhere. O(subscribers).
    pub(crate) fn for_each(
        &self,
        topic: Topic,
        at: Option<Vec3>,
        mut each: impl FnMut(AgentId, Match),
    ) {
        let Some(subscribers) = self.topics.get(&topic) else { return };
        for (id, region) in &subscribers.list {
            each(
                *id,
                match (region, at) {
                    (None, _) => Match::Interested,
                    (Some(region), Some(at)) if region.contains(at) => Match::Interested,
                    _ => Match::OutOfRegion,
                },
            );
        }
    }

    /// All topics with their subscribers, by topic and agent.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Topic, &[Interest])> + '_ {
        self.topics.iter().map(|(topic, subscribers)| (*topic, &subscribers.list[..]))
    }
}
