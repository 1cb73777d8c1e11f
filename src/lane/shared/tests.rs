use super::*;
use std::collections::VecDeque;
use std::sync::Arc as StdArc;

fn drained<T>(receiver: &mut Receiver<T>, limit: usize) -> Vec<T> {
    let mut seen = Vec::new();
    assert_eq!(receiver.drain(limit, |value| seen.push(value)), seen.len());
    seen
}

#[test]
fn a_capacity_of_zero_is_refused_and_any_other_is_kept_exactly() {
    assert_eq!(shared::<u8>(0).unwrap_err(), CapacityError::Zero);
    for capacity in [1, 2, 3, 5, 64, 100] {
        let (sender, mut receiver) = shared(capacity).unwrap();
        assert_eq!(sender.capacity(), capacity);
        for lap in 0..5 {
            let values: Vec<_> = (0..capacity).map(|value| lap * 1000 + value).collect();
            for &value in &values {
                sender.push(value).unwrap();
            }
            assert_eq!(sender.push(9), Err(PushError::Full(9)));
            assert_eq!(sender.push_batch(&mut vec![9]), 0);
            assert_eq!(drained(&mut receiver, usize::MAX), values);
        }
    }
}

#[test]
fn a_batch_larger_than_the_room_keeps_its_rest() {
    let (sender, mut receiver) = shared(3).unwrap();
    let mut batch: Vec<_> = (0..8).map(Box::new).collect();
    assert_eq!(sender.push_batch(&mut batch), 3);
    assert_eq!(drained(&mut receiver, 2), [0, 1].map(Box::new));
    assert_eq!(sender.push_batch(&mut batch), 2);
    assert_eq!(batch, [5, 6, 7].map(Box::new));
    assert_eq!(drained(&mut receiver, 9), [2, 3, 4].map(Box::new));
    assert_eq!(sender.push_batch(&mut Vec::new()), 0);
    assert_eq!(receiver.drain(0, drop), 0);
}

#[test]
fn each_side_sees_the_other_go() {
    let (sender, receiver) = shared(4).unwrap();
    assert!(!sender.is_closed());
    drop(receiver);
    assert_eq!(sender.push(1), Err(PushError::Closed(1)));
    let mut batch = vec![1, 2];
    assert_eq!(sender.push_batch(&mut batch), 0);
    assert_eq!(batch, [1, 2]);

    let (sender, mut receiver) = shared(4).unwrap();
    let second = sender.clone();
    second.push(7).unwrap();
    drop(second);
    assert!(!receiver.is_closed());
    drop(sender);
    assert!(receiver.is_closed());
    assert_eq!(drained(&mut receiver, 5), [7]);
}

#[test]
fn every_value_is_dropped_once_also_in_a_run_half_taken() {
    let token = StdArc::new(());
    for taken in 0..=6 {
        let (sender, mut receiver) = shared(6).unwrap();
        sender.push(StdArc::clone(&token)).unwrap();
        sender.push_batch(&mut vec![StdArc::clone(&token); 4]);
        sender.push(StdArc::clone(&token)).unwrap();
        assert_eq!(receiver.drain(taken, drop), taken);
        drop(receiver);
        assert_eq!(StdArc::strong_count(&token), 7 - taken);
        drop(sender);
        assert_eq!(StdArc::strong_count(&token), 1);
    }
}

#[test]
fn a_stalled_sender_delays_only_what_is_behind_it() {
    let (sender, mut receiver) = shared(8).unwrap();
    sender.push(0).unwrap();
    let (start, count) = sender.0.claim(2).unwrap();
    sender.push(3).unwrap();
    assert_eq!(drained(&mut receiver, 9), [0]);
    assert!(!receiver.ready());
    // SAFETY: as in `push_batch`.
    unsafe { sender.0.slots.write_front(start as usize, &mut vec![1, 2], count) };
    sender.0.publish(start, count);
    assert_eq!(drained(&mut receiver, 9), [1, 2, 3]);
}

#[test]
fn a_panic_while_draining_loses_only_the_value_in_hand() {
    let (sender, mut receiver) = shared(8).unwrap();
    sender.push_batch(&mut vec![0, 1, 2, 3]);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        receiver.drain(8, |value| assert!(value != 1, "planted"));
    }));
    assert!(panicked.is_err());
    assert_eq!(sender.push_batch(&mut (4..20).collect()), 6);
    assert_eq!(drained(&mut receiver, 9), [2, 3, 4, 5, 6, 7, 8, 9]);
}

#[test]
fn a_random_program_behaves_as_a_deque() {
    use proptest::prelude::*;
    let step = prop_oneof![
        Just((true, 1)),
        (0usize..40).prop_map(|n| (true, n)),
        (0usize..40).prop_map(|n| (false, n)),
    ];
    proptest!(ProptestConfig::with_cases(200), |(
        capacity in 1usize..20,
        steps in prop::collection::vec(step, 0..60),
    )| {
        let (sender, mut receiver) = shared(capacity).unwrap();
        let mut oracle = VecDeque::new();
        let mut next = 0u32;
        for (push, count) in steps {
            if push && count == 1 {
                let pushed = sender.push(Box::new(next));
                prop_assert_eq!(pushed.is_ok(), oracle.len() < capacity);
                if pushed.is_ok() { oracle.push_back(next); }
                next += 1;
            } else if push {
                let mut batch: Vec<_> = (next..).take(count).map(Box::new).collect();
                let pushed = sender.push_batch(&mut batch);
                prop_assert_eq!(pushed, count.min(capacity - oracle.len()));
                prop_assert_eq!(batch.len(), count - pushed);
                oracle.extend((next..).take(pushed));
                next += count as u32;
            } else {
                let seen: Vec<_> = drained(&mut receiver, count).into_iter().map(|v| *v).collect();
                let expected: Vec<_> = oracle.drain(..count.min(oracle.len())).collect();
                prop_assert_eq!(seen, expected);
            }
        }
    });
}

#[test]
fn three_threads_keep_their_order_and_count() {
    const SENDERS: u64 = 3;
    for capacity in [1, 7, 256] {
        let values: u64 = if capacity == 1 { 5_000 } else { 100_000 };
        let (sender, mut receiver) = shared(capacity).unwrap();
        let threads: Vec<_> = (0..SENDERS)
            .map(|id| {
                let sender = sender.clone();
                std::thread::spawn(move || {
                    let (mut next, mut batch) = (0, Vec::new());
                    while next < values || !batch.is_empty() {
                        // One thread sends singly, the others in batches of their own size.
                        while batch.len() < 1 + 4 * id as usize && next < values {
                            batch.push([id, next]);
                            next += 1;
                        }
                        let before = batch.len();
                        if before == 1 {
                            let value = batch.remove(0);
                            if let Err(refused) = sender.push(value) {
                                batch.push(refused.into_value());
                            }
                        } else {
                            sender.push_batch(&mut batch);
                        }
                        if batch.len() == before {
                            std::thread::yield_now();
                        }
                    }
                })
            })
            .collect();
        drop(sender);
        let mut expected = [0; SENDERS as usize];
        loop {
            let closed = receiver.is_closed();
            let taken = receiver.drain(50, |[id, value]| {
                assert_eq!(value, expected[id as usize]);
                expected[id as usize] += 1;
            });
            if taken == 0 {
                if closed {
                    break;
                }
                std::thread::yield_now();
            }
        }
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(expected, [values; SENDERS as usize]);
    }
}

#[test]
fn a_value_is_made_in_its_slot_and_forgotten_unless_it_is_taken() {
    let (sender, mut receiver) = shared(2).unwrap();
    let token = StdArc::new(());
    for _ in 0..2 {
        sender.push_with(|| StdArc::clone(&token)).unwrap();
    }
    let full = sender.push_with(|| unreachable!("there is no room to make it for"));
    assert_eq!(full, Err(PushError::Full(())));
    let mut taken = Vec::new();
    let count = receiver.drain_front(9, |front| {
        assert_eq!(front.look(StdArc::strong_count), 3);
        if taken.is_empty() {
            taken.push(front.take());
        }
    });
    assert_eq!((count, taken.len()), (2, 1));
    drop((taken, receiver));
    assert_eq!(sender.push_with(|| unreachable!("nobody is there")), Err(PushError::Closed(())));
    drop(sender);
    assert_eq!(StdArc::strong_count(&token), 2);
}
