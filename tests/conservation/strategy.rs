//! How programs are drawn.

use proptest::prelude::*;

use crate::program::{Act, How, To};

pub(crate) fn place() -> impl Strategy<Value = (i8, i8)> {
    (0_i8..8, 0_i8..8)
}

pub(crate) fn to() -> impl Strategy<Value = To> {
    prop_oneof![
        5 => any::<u8>().prop_map(To::One),
        1 => Just(To::Own),
        2 => Just(To::Everyone),
        2 => (0_u8..3).prop_map(To::Topic),
        1 => (place(), 0_u8..4).prop_map(|(place, radius)| To::Near(place, radius)),
        1 => (place(), 0_u8..6).prop_map(|(place, count)| To::Nearest(place, count)),
        1 => Just(To::Linked),
    ]
}

pub(crate) fn how() -> impl Strategy<Value = How> {
    let bytes = prop_oneof![3 => Just(0_u16), 1 => 1_u16..4, 2 => 40_u16..2000];
    let some = |most: u8| prop::option::weighted(0.2, 0..most);
    (
        (1_u8..11, any::<u8>(), 0_u8..4, bytes, 0_u8..3),
        (some(60), some(60), some(3), prop::bool::weighted(0.2), prop::bool::weighted(0.2)),
    )
        .prop_map(
            |(
                (priority, behaviour, depth, more, way),
                (deadline_ms, delay_ms, hops, retry, report),
            )| {
                How {
                    priority,
                    behaviour,
                    depth,
                    more,
                    deadline_ms,
                    delay_ms,
                    hops,
                    retry,
                    report,
                    way,
                }
            },
        )
}

pub(crate) fn mailbox() -> impl Strategy<Value = Option<(u8, u8)>> {
    prop::option::of((1_u8..9, 0_u8..3))
}

pub(crate) fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        12 => (to(), how()).prop_map(|(to, how)| Act::Send { to, how }),
        2 => (any::<u8>(), how(), 0_u16..80)
            .prop_map(|(who, how, timeout_ms)| Act::Ask { who, how, timeout_ms }),
        2 => Just(Act::Reply),
        1 => any::<u8>().prop_map(|who| Act::Forward { who }),
        1 => Just(Act::Panic),
        2 => Just(Act::Fail),
        1 => Just(Act::Curse),
        3 => (any::<u8>(), mailbox(), prop::option::of(place()))
            .prop_map(|(kind, mailbox, place)| Act::Spawn { kind, mailbox, place }),
        1 => any::<u8>().prop_map(|who| Act::Despawn { who }),
        1 => Just(Act::DespawnSelf),
        1 => place().prop_map(|place| Act::Move { place }),
        1 => (0_u8..3, prop::option::of(place())).prop_map(|(topic, near)| Act::Subscribe { topic, near }),
        1 => any::<u8>().prop_map(|topic| Act::Unsubscribe { topic }),
        1 => any::<u8>().prop_map(|who| Act::Connect { who }),
        1 => any::<u8>().prop_map(|who| Act::Disconnect { who }),
        1 => (0_u16..100).prop_map(|after_ms| Act::Wake { after_ms }),
        1 => (any::<u8>(), any::<bool>()).prop_map(|(who, on)| Act::Quarantine { who, on }),
    ]
}

/// What the host does before a tick, how much time passes, and the tick's budget.
pub(crate) type Step = (Vec<Act>, i64, Option<u16>);

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let budget = prop_oneof![4 => Just(None), 1 => Just(Some(0)), 3 => (1_u16..40).prop_map(Some)];
    let pause = prop_oneof![8 => 0_i64..30, 1 => 900_i64..40_000];
    (prop::collection::vec(act(), 0..12), pause, budget)
}

#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) shards: bool,
    pub(crate) workers: u32,
    pub(crate) rounds: u32,
    pub(crate) ageing: u32,
    pub(crate) outbox: u32,
    pub(crate) mailbox: u32,
    pub(crate) explain: u32,
    pub(crate) links: bool,
}

pub(crate) fn setting() -> impl Strategy<Value = Setting> {
    (
        (any::<bool>(), 1_u32..3, 1_u32..5, prop::sample::select(vec![1_u32, 3, 60_000])),
        (prop::sample::select(vec![8_u32, 64, 65_536]), prop::sample::select(vec![4_u32, 16_384])),
        (prop::sample::select(vec![0_u32, 40]), any::<bool>()),
    )
        .prop_map(
            |((shards, workers, rounds, ageing), (outbox, mailbox), (explain, links))| Setting {
                shards,
                workers,
                rounds,
                ageing,
                outbox,
                mailbox,
                explain,
                links,
            },
        )
}
