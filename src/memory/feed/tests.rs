//! Against the difference of two states.

use core::num::NonZeroU32;
use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::space::{Sphere, Vec3};

type State = BTreeMap<ObjectId, (Appearance, u8)>;

fn id(slot: u32, generation: u32) -> ObjectId {
    ObjectId::new(slot, NonZeroU32::new(generation).unwrap())
}

fn appearance(class: u16, x: f32) -> Appearance {
    let at = Vec3::new(x, 0.0, 0.0);
    Appearance { class: ClassId::new(class), bounds: Aabb::point(at).unwrap() }
}

fn near_origin(radius: f32) -> SubscriptionOptions {
    let region = Sphere::new(Vec3::ZERO, radius).unwrap().into();
    SubscriptionOptions { region: Some(region), ..SubscriptionOptions::default() }
}

fn drain(subscription: &mut Subscription) -> Vec<Notice> {
    let mut notices = Vec::new();
    subscription.drain(usize::MAX, |notice| notices.push(notice));
    notices
}

/// Publishes what one object looks like now.
fn publish(feeds: &mut Feeds, at: i64, now: Option<Appearance>) {
    feeds.publish(Time::from_nanos(at), None, |_| now);
}

#[test]
fn a_notice_is_48_bytes() {
    assert!(size_of::<Notice>() <= 48, "{}", size_of::<Notice>());
}

#[test]
fn a_region_is_entered_and_left() {
    let mut feeds = Feeds::new();
    let mut subscription = feeds.subscribe(near_origin(1.0)).unwrap();
    let chair = id(4, 1);
    let mut tell = |before: Option<f32>, after: Option<f32>, change: bool| {
        let look = |x: f32| appearance(7, x);
        let seen = || before.map(look);
        match (after, change) {
            (None, _) => feeds.remove(chair, Removal::Faded, seen),
            (_, true) => feeds.change(chair, seen),
            (_, false) => feeds.touch(chair, seen),
        }
        publish(&mut feeds, 5, after.map(look));
        drain(&mut subscription)
    };
    let told = |event| {
        vec![Notice::Object { id: chair, class: ClassId::new(7), event, at: Time::from_nanos(5) }]
    };
    assert_eq!(tell(None, Some(9.0), true), []);
    assert_eq!(tell(Some(9.0), Some(8.0), false), []);
    assert_eq!(tell(Some(8.0), Some(1.0), false), told(Event::Entered));
    assert_eq!(tell(Some(1.0), Some(0.0), false), told(Event::Moved));
    assert_eq!(tell(Some(0.0), Some(0.5), true), told(Event::Changed));
    assert_eq!(tell(Some(0.5), Some(2.0), false), told(Event::Left));
    assert_eq!(tell(Some(2.0), None, false), []);
    assert_eq!(tell(None, Some(0.0), true), told(Event::Added));
    assert_eq!(tell(Some(0.0), None, false), told(Event::Removed(Removal::Faded)));
}

#[test]
fn a_full_queue_says_so_once_and_begins_anew_when_drained() {
    let mut feeds = Feeds::new();
    let options = SubscriptionOptions { capacity: 3, ..near_origin(1.0) };
    let mut subscription = feeds.subscribe(options).unwrap();
    let add = |feeds: &mut Feeds, slot: u32| {
        feeds.change(id(slot, 1), || None);
        publish(feeds, i64::from(slot), Some(appearance(0, 0.0)));
    };
    for slot in 0..10 {
        add(&mut feeds, slot);
    }
    assert_eq!(subscription.waiting(), 4);
    let mut taken = 0;
    subscription.drain(3, |notice| {
        assert!(matches!(notice, Notice::Object { id, .. } if id.slot() == taken));
        taken += 1;
    });
    // The mark itself still waits.
    add(&mut feeds, 10);
    assert_eq!(drain(&mut subscription), [Notice::Missed { at: Time::from_nanos(3) }]);
    add(&mut feeds, 11);
    let notices = drain(&mut subscription);
    assert!(matches!(notices[..], [Notice::Object { id, .. }] if id.slot() == 11));
}

#[test]
fn a_large_correction_is_missed_by_those_who_look_there() {
    let mut feeds = Feeds::new();
    let mut near = feeds.subscribe(near_origin(1.0)).unwrap();
    let mut all = feeds.subscribe(SubscriptionOptions::default()).unwrap();
    let far = Aabb::point(Vec3::splat(50.0)).unwrap();
    for at in [1, 2] {
        let at = Time::from_nanos(at);
        feeds.publish(at, Some(&far), |_| None);
        // Drained in between: it is told again.
        assert_eq!(drain(&mut all), [Notice::Missed { at }]);
    }
    assert_eq!(drain(&mut near), []);
}

#[test]
fn who_is_gone_costs_nothing() {
    let mut feeds = Feeds::new();
    let refused = |capacity| SubscribeError::Capacity { capacity, limit: MAX_CAPACITY };
    for capacity in [0, MAX_CAPACITY + 1] {
        let options = SubscriptionOptions { capacity, ..SubscriptionOptions::default() };
        assert_eq!(feeds.subscribe(options).unwrap_err(), refused(capacity));
    }
    assert!(!feeds.is_active());
    let subscriptions: Vec<_> =
        (0..20).map(|_| feeds.subscribe(near_origin(1.0)).unwrap()).collect();
    drop(subscriptions);
    for _ in 0..3 {
        feeds.touch(id(1, 1), || None);
        publish(&mut feeds, 0, None);
    }
    assert!(!feeds.is_active() && feeds.regions.is_empty());
    feeds.touch(id(1, 1), || panic!("nobody wants to know"));
    assert!(feeds.touched.is_empty());
    let subscription = feeds.subscribe(SubscriptionOptions::default()).unwrap();
    assert_eq!(feeds.subscribers.len(), 20);
    drop(feeds);
    assert!(subscription.is_closed());
}

#[derive(Clone, Debug)]
enum Step {
    Put { slot: u32, class: u16, x: i8, value: u8 },
    Move { slot: u32, x: i8 },
    Remove { slot: u32 },
    Publish,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0u32..6, 0u16..2, -3i8..=3, 0u8..2).prop_map(|(slot, class, x, value)| {
            Step::Put { slot, class, x, value }
        }),
        4 => (0u32..6, -3i8..=3).prop_map(|(slot, x)| Step::Move { slot, x }),
        2 => (0u32..6).prop_map(|slot| Step::Remove { slot }),
        3 => Just(Step::Publish),
    ]
}

/// The event that the difference of two states is to a subscriber.
fn difference(
    options: &SubscriptionOptions,
    old: Option<(Appearance, u8)>,
    new: Option<(Appearance, u8)>,
) -> Option<Event> {
    let sees = |state: Option<(Appearance, u8)>| {
        state.is_some_and(|(look, _)| {
            options.filter.accepts(look.class)
                && options.region.as_ref().is_none_or(|region| region.overlaps(&look.bounds))
        })
    };
    match (sees(old), sees(new)) {
        (false, false) => None,
        (false, true) if old.is_none() => Some(Event::Added),
        (false, true) => Some(Event::Entered),
        (true, false) if new.is_none() => Some(Event::Removed(Removal::Removed)),
        (true, false) => Some(Event::Left),
        (true, true) => Some(Event::Moved),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn events_are_the_difference_of_two_states(steps in proptest::collection::vec(step(), 1..60)) {
        let mut feeds = Feeds::new();
        let options = [
            SubscriptionOptions::default(),
            near_origin(1.0),
            SubscriptionOptions { filter: Filter::only([ClassId::new(1)]), ..near_origin(2.0) },
        ];
        let mut subscriptions: Vec<_> =
            options.iter().map(|options| feeds.subscribe(options.clone()).unwrap()).collect();
        let (mut old, mut now) = (State::new(), State::new());
        let mut living = [None; 6];
        let mut generation = 0;
        for step in steps.into_iter().chain([Step::Publish]) {
            match step {
                Step::Put { slot, class, x, value } => {
                    let object = *living[slot as usize].get_or_insert_with(|| {
                        generation += 1;
                        id(slot, generation)
                    });
                    feeds.change(object, || now.get(&object).map(|&(look, _)| look));
                    now.insert(object, (appearance(class, f32::from(x)), value));
                }
                Step::Move { slot, x } => {
                    let Some(object) = living[slot as usize] else { continue };
                    feeds.touch(object, || now.get(&object).map(|&(look, _)| look));
                    let (look, _) = now.get_mut(&object).unwrap();
                    *look = appearance(look.class.index(), f32::from(x));
                }
                Step::Remove { slot } => {
                    let Some(object) = living[slot as usize].take() else { continue };
                    let before = now.remove(&object).map(|(look, _)| look);
                    feeds.remove(object, Removal::Removed, || before);
                }
                Step::Publish => {
                    publish_state(&mut feeds, &now);
                    for (options, subscription) in options.iter().zip(&mut subscriptions) {
                        let mut told = BTreeMap::new();
                        for notice in drain(subscription) {
                            let Notice::Object { id, event, .. } = notice else {
                                panic!("{notice:?}");
                            };
                            prop_assert_eq!(told.insert(id, event), None, "told twice");
                        }
                        let objects: BTreeSet<_> = old.keys().chain(now.keys()).collect();
                        for object in objects {
                            let (old, new) = (old.get(object).copied(), now.get(object).copied());
                            let expected = difference(options, old, new);
                            match told.get(object) {
                                // Whether a replacement brought anything new is not looked at; what
                                // was only moved must not say that it changed.
                                Some(Event::Changed) => prop_assert_eq!(expected, Some(Event::Moved)),
                                Some(Event::Moved) => {
                                    prop_assert_eq!(expected, Some(Event::Moved));
                                    prop_assert_eq!(old.unwrap().1, new.unwrap().1);
                                }
                                None if old == new => {}
                                told => prop_assert_eq!(told.copied(), expected),
                            }
                            told.remove(object);
                        }
                        // What came and went between two publications is not told.
                        prop_assert!(told.is_empty(), "{:?}", told);
                    }
                    old.clone_from(&now);
                }
            }
        }
    }
}

fn publish_state(feeds: &mut Feeds, state: &State) {
    feeds.publish(Time::ZERO, None, |object| state.get(&object).map(|&(look, _)| look));
}
