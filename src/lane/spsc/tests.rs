use super::*;
use crate::lane::refusal::MAX_CAPACITY;
use std::collections::VecDeque;
use std::sync::Arc as StdArc;

#[test]
fn a_capacity_of_zero_or_beyond_the_limit_is_refused() {
    assert_eq!(ring::<u8>(0).unwrap_err(), CapacityError::Zero);
    assert_eq!(
        ring::<u8>(MAX_CAPACITY + 1).unwrap_err(),
        CapacityError::TooLarge { given: MAX_CAPACITY + 1, limit: MAX_CAPACITY }
    );
    assert!(ring::<u8>(MAX_CAPACITY).is_ok());
}

#[test]
fn a_capacity_that_is_no_power_of_two_is_kept_exactly() {
    for capacity in [1, 2, 3, 5, 64, 100] {
        let (mut producer, mut consumer) = ring(capacity).unwrap();
        assert_eq!(producer.capacity(), capacity);
        for lap in 0..5 {
            for value in 0..capacity {
                producer.push(lap * 1000 + value).unwrap();
            }
            assert_eq!(producer.push(9), Err(PushError::Full(9)));
            for value in 0..capacity {
                assert_eq!(consumer.pop(), Some(lap * 1000 + value));
            }
            assert_eq!(consumer.pop(), None);
        }
    }
}

#[test]
fn positions_that_wrap_around_the_word_are_no_seam() {
    let (mut producer, mut consumer) = ring(3).unwrap();
    let near_the_end = usize::MAX - 4;
    producer.ring.head.store(near_the_end, Ordering::Relaxed);
    producer.ring.tail.store(near_the_end, Ordering::Relaxed);
    (producer.tail, producer.seen_head) = (near_the_end, near_the_end);
    (consumer.head, consumer.seen_tail) = (near_the_end, near_the_end);
    let mut next = 0;
    for _ in 0..10 {
        let mut batch: Vec<i32> = (next..next + 5).collect();
        assert_eq!(producer.push_batch(&mut batch), 3);
        assert_eq!(batch, [next + 3, next + 4]);
        let mut seen = Vec::new();
        assert_eq!(consumer.drain(10, |value| seen.push(value)), 3);
        assert_eq!(seen, [next, next + 1, next + 2]);
        next += 3;
    }
}

#[test]
fn each_side_sees_the_other_go() {
    let (mut producer, consumer) = ring(4).unwrap();
    assert!(!producer.is_closed());
    drop(consumer);
    assert!(producer.is_closed());
    assert_eq!(producer.push(1), Err(PushError::Closed(1)));
    let mut batch = vec![1, 2];
    assert_eq!(producer.push_batch(&mut batch), 0);
    assert_eq!(batch, [1, 2]);

    let (mut producer, mut consumer) = ring(4).unwrap();
    producer.push(7).unwrap();
    assert!(!consumer.is_closed());
    drop(producer);
    assert!(consumer.is_closed());
    assert_eq!(consumer.pop(), Some(7));
    assert_eq!(consumer.pop(), None);
}

#[test]
fn every_value_is_dropped_once() {
    let token = StdArc::new(());
    let (mut producer, mut consumer) = ring(8).unwrap();
    for _ in 0..6 {
        producer.push(StdArc::clone(&token)).unwrap();
    }
    let mut batch = vec![StdArc::clone(&token); 5];
    assert_eq!(producer.push_batch(&mut batch), 2);
    assert_eq!(StdArc::strong_count(&token), 12);
    assert_eq!(consumer.drain(3, drop), 3);
    assert_eq!(StdArc::strong_count(&token), 9);
    drop(producer);
    drop(consumer);
    assert_eq!(StdArc::strong_count(&token), 4);
    drop(batch);
    assert_eq!(StdArc::strong_count(&token), 1);
}

#[test]
fn a_panic_while_draining_loses_only_the_value_in_hand() {
    let (mut producer, mut consumer) = ring(8).unwrap();
    producer.push_batch(&mut vec![0, 1, 2, 3]);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        consumer.drain(8, |value| assert!(value != 1, "planted"));
    }));
    assert!(panicked.is_err());
    assert_eq!(producer.push_batch(&mut (4..20).collect()), 6);
    let mut seen = Vec::new();
    consumer.drain(8, |value| seen.push(value));
    assert_eq!(seen, [2, 3, 4, 5, 6, 7, 8, 9]);
}

#[test]
fn a_random_program_behaves_as_a_deque() {
    use proptest::prelude::*;
    let step = prop_oneof![
        (1usize..4).prop_map(|n| (true, n)),
        (0usize..40).prop_map(|n| (true, n)),
        (0usize..40).prop_map(|n| (false, n)),
    ];
    proptest!(ProptestConfig::with_cases(200), |(
        capacity in 1usize..20,
        steps in prop::collection::vec(step, 0..60),
    )| {
        let (mut producer, mut consumer) = ring(capacity).unwrap();
        let mut oracle = VecDeque::new();
        let mut next = 0u32;
        for (push, count) in steps {
            if push && count == 1 {
                let pushed = producer.push(Box::new(next));
                prop_assert_eq!(pushed.is_ok(), oracle.len() < capacity);
                if pushed.is_ok() { oracle.push_back(next); }
                next += 1;
            } else if push {
                let mut batch: Vec<_> = (next..).take(count).map(Box::new).collect();
                let pushed = producer.push_batch(&mut batch);
                prop_assert_eq!(pushed, count.min(capacity - oracle.len()));
                prop_assert_eq!(batch.len(), count - pushed);
                oracle.extend((next..).take(pushed));
                next += count as u32;
            } else {
                let mut seen = Vec::new();
                consumer.drain(count, |value| seen.push(*value));
                let expected: Vec<_> = oracle.drain(..count.min(oracle.len())).collect();
                prop_assert_eq!(seen, expected);
            }
        }
    });
}

#[test]
fn two_threads_keep_order_and_count() {
    const VALUES: u64 = 200_000;
    for capacity in [1, 7, 256] {
        let (mut producer, mut consumer) = ring(capacity).unwrap();
        let values = if capacity == 1 { VALUES / 20 } else { VALUES };
        let sender = std::thread::spawn(move || {
            let (mut next, mut batch) = (0, Vec::new());
            while next < values || !batch.is_empty() {
                while batch.len() < 5 && next < values {
                    batch.push([next; 8]);
                    next += 1;
                }
                if producer.push_batch(&mut batch) == 0 {
                    std::thread::yield_now();
                }
            }
        });
        let mut expected = 0;
        loop {
            let closed = consumer.is_closed();
            let taken = consumer.drain(50, |value| {
                assert_eq!(value, [expected; 8]);
                expected += 1;
            });
            if taken == 0 {
                if closed {
                    break;
                }
                std::thread::yield_now();
            }
        }
        sender.join().unwrap();
        assert_eq!(expected, values);
    }
}

#[test]
fn a_value_is_made_in_its_slot_and_forgotten_unless_it_is_taken() {
    let (mut producer, mut consumer) = ring(2).unwrap();
    let token = StdArc::new(());
    for _ in 0..2 {
        producer.push_with(|| StdArc::clone(&token)).unwrap();
    }
    let full = producer.push_with(|| unreachable!("there is no room to make it for"));
    assert_eq!(full, Err(PushError::Full(())));
    let mut taken = Vec::new();
    let count = consumer.drain_front(9, |front| {
        assert_eq!(front.look(StdArc::strong_count), 3);
        if taken.is_empty() {
            taken.push(front.take());
        }
    });
    assert_eq!((count, taken.len()), (2, 1));
    // The second one was forgotten where it lay: nobody drops it, now or later.
    drop((taken, consumer));
    assert_eq!(producer.push_with(|| unreachable!("nobody is there")), Err(PushError::Closed(())));
    drop(producer);
    assert_eq!(StdArc::strong_count(&token), 2);
}
