//! The agents of one shard that failed lately.
//!
//! A healthy agent is not here and costs nothing. One that is here has its slab's cell closed, so
//! that each message to it takes the slow path and asks [`Ward::admit`] first. Under load all agents
//! of a shard may be here, because what waited too long came late for each: finding one is a look into
//! a table, 4 bytes an agent that is made when the first falls ill.

use core::time::Duration;

use crate::agent::breaker::{Breaker, BreakerPolicy, Phase};
use crate::agent::health::{HealthMonitor, HealthPolicy};
use crate::agent::slots::Layout;
use crate::agent::{FailureKind, HealingAction, Health, HealthChange};
use crate::id::AgentId;
use crate::message::DropReason;
use crate::time::Time;

/// The numbers of care, the same for all agents.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Care {
    pub(crate) breaker: BreakerPolicy,
    pub(crate) health: HealthPolicy,
    /// How often health is judged, and how often its window fades.
    pub(crate) check: Duration,
    pub(crate) fade: Duration,
    /// A message that waited longer than this came late.
    pub(crate) late: Duration,
}

/// Patients, found by their slots.
#[derive(Debug)]
pub(crate) struct Ward {
    layout: Layout,
    /// By the slot's index in the shard: the patient's place, or [`NOBODY`].
    places: Vec<u32>,
    patients: Vec<Patient>,
}

const NOBODY: u32 = u32::MAX;

#[derive(Debug)]
struct Patient {
    id: AgentId,
    breaker: Breaker,
    health: HealthMonitor,
    last: FailureKind,
    quarantined: bool,
    /// It panicked and was not restarted: there is nobody to run.
    lost: bool,
}

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// The state of health changed, and perhaps something is to be done.
    Changed(AgentId, HealthChange, Option<HealingAction>),
    /// The agent is as good as new: its cell may be opened.
    Released(AgentId),
    /// The agent panicked, and the breaker that kept it from being restarted lets it again.
    Restartable(AgentId),
}

impl Ward {
    /// A ward for a shard of that layout.
    pub(crate) fn new(layout: Layout) -> Self {
        Self { layout, places: Vec::new(), patients: Vec::new() }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.patients.is_empty()
    }

    #[inline]
    fn find(&self, slot: u32) -> Option<&Patient> {
        self.patients.get(*self.places.get(self.layout.index(slot))? as usize)
    }

    #[inline]
    fn find_mut(&mut self, slot: u32) -> Option<&mut Patient> {
        self.patients.get_mut(*self.places.get(self.layout.index(slot))? as usize)
    }

    fn patient(&mut self, id: AgentId, kind: FailureKind) -> &mut Patient {
        let index = self.layout.index(id.slot());
        if index >= self.places.len() {
            self.places.resize(index + 1, NOBODY);
        }
        if self.places[index] == NOBODY {
            self.places[index] = self.patients.len() as u32;
            self.patients.push(Patient::new(id, kind));
        }
        let patient = &mut self.patients[self.places[index] as usize];
        patient.last = kind;
        patient
    }

    /// Lets a patient go; the last one gets its place.
    fn release(&mut self, index: usize) {
        let place = core::mem::replace(&mut self.places[index], NOBODY) as usize;
        self.patients.swap_remove(place);
        if let Some(moved) = self.patients.get(place) {
            self.places[self.layout.index(moved.id.slot())] = place as u32;
        }
    }

    /// The patients, by slot.
    fn by_slot(&self) -> impl Iterator<Item = &Patient> {
        self.places.iter().filter_map(|&place| self.patients.get(place as usize))
    }

    /// A handler of the agent failed.
    pub(crate) fn fail(&mut self, id: AgentId, kind: FailureKind, now: Time, care: &Care) {
        let patient = self.patient(id, kind);
        patient.health.record(1, 1, 0);
        patient.breaker.fail(now, &care.breaker);
    }

    /// Messages to the agent came too late, or its mailbox overflowed.
    pub(crate) fn trouble(&mut self, id: AgentId, kind: FailureKind, messages: u32) {
        self.patient(id, kind).health.record(messages, 0, messages);
    }

    /// The agent panicked: until it is restarted there is nobody to run.
    pub(crate) fn lose(&mut self, id: AgentId, now: Time, care: &Care) {
        self.fail(id, FailureKind::ProcessingError, now, care);
        self.patient(id, FailureKind::ProcessingError).lost = true;
    }

    /// A message may be given to the agent, or why not.
    pub(crate) fn admit(&self, slot: u32, now: Time) -> Result<(), DropReason> {
        match self.find(slot) {
            Some(patient) if patient.quarantined => Err(DropReason::Quarantined),
            Some(patient) if !patient.breaker.admits(now) => Err(DropReason::Tripped),
            Some(patient) if patient.lost => Err(DropReason::Panicked),
            _ => Ok(()),
        }
    }

    /// The agent handled a message, which may have come late.
    pub(crate) fn succeed(&mut self, id: AgentId, late: bool, now: Time, care: &Care) {
        let patient = match late {
            true => Some(self.patient(id, FailureKind::LatencyViolation)),
            false => self.find_mut(id.slot()),
        };
        if let Some(patient) = patient {
            patient.health.record(1, 0, u32::from(late));
            patient.breaker.succeed(now, &care.breaker);
        }
    }

    /// Whether the agent's breaker is open: it is not restarted before that passes.
    pub(crate) fn is_tripped(&self, slot: u32, now: Time) -> bool {
        self.find(slot).is_some_and(|patient| !patient.breaker.admits(now))
    }

    /// The agent was restarted from its factory; its breaker keeps count.
    pub(crate) fn restart(&mut self, id: AgentId) -> Option<HealthChange> {
        let patient = self.find_mut(id.slot())?;
        patient.lost = false;
        patient.health.restart()
    }

    /// The agent panicked and there is no factory: failed for good.
    pub(crate) fn give_up(&mut self, id: AgentId) -> Option<HealthChange> {
        self.patient(id, FailureKind::ProcessingError).health.lose()
    }

    /// Gives the agent no more messages, or some again.
    pub(crate) fn quarantine(&mut self, id: AgentId, quarantined: bool) -> Option<HealthChange> {
        let patient = self.patient(id, FailureKind::AgentDisconnect);
        let released = patient.quarantined && !quarantined;
        patient.quarantined = quarantined;
        if released { patient.health.restart() } else { None }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.places.capacity() * 4 + self.patients.capacity() * size_of::<Patient>()
    }

    /// Forgets an agent that is gone.
    pub(crate) fn forget(&mut self, slot: u32) {
        let index = self.layout.index(slot);
        if self.places.get(index).is_some_and(|&place| place != NOBODY) {
            self.release(index);
        }
    }

    /// Judges all patients, in slot order; `fade` also ages what they did.
    pub(crate) fn check(
        &mut self,
        now: Time,
        fade: bool,
        care: &Care,
        has_factory: impl Fn(AgentId) -> bool,
        mut found: impl FnMut(Finding),
    ) {
        for index in 0..self.places.len() {
            let Some(patient) = self.patients.get_mut(self.places[index] as usize) else {
                continue;
            };
            // Nothing but a restart betters the health of an agent that is not there.
            if !patient.lost
                && let Some(change) = patient.health.check(&care.health)
            {
                let action = patient.last.healing(change.to, has_factory(patient.id));
                if action == Some(HealingAction::Quarantine) {
                    patient.quarantined = true;
                }
                found(Finding::Changed(patient.id, change, action));
            }
            if patient.lost && has_factory(patient.id) && patient.breaker.admits(now) {
                found(Finding::Restartable(patient.id));
            }
            if fade {
                patient.health.fade();
            }
            let well = !patient.quarantined
                && !patient.lost
                && patient.health.forgettable()
                && patient.breaker.forgettable(now, &care.breaker);
            if well {
                found(Finding::Released(patient.id));
                self.release(index);
            }
        }
    }

    /// The agent's state of health.
    pub(crate) fn health(&self, slot: u32) -> Health {
        self.find(slot).map_or(Health::Healthy, |patient| patient.health.state())
    }

    /// Whether the agent gets no messages at `now`.
    pub(crate) fn is_suspended(&self, slot: u32, now: Time) -> bool {
        self.admit(slot, now).is_err()
    }

    /// What decides about each patient's messages, for the state hash: id, phase, quarantine, loss.
    pub(crate) fn iter(
        &self,
        now: Time,
    ) -> impl Iterator<Item = (AgentId, Phase, Health, bool, bool)> + '_ {
        self.by_slot().map(move |patient| {
            let phase = patient.breaker.phase(now);
            (patient.id, phase, patient.health.state(), patient.quarantined, patient.lost)
        })
    }
}

impl Patient {
    fn new(id: AgentId, last: FailureKind) -> Self {
        Self {
            id,
            breaker: Breaker::new(),
            health: HealthMonitor::default(),
            last,
            quarantined: false,
            lost: false,
        }
    }
}
