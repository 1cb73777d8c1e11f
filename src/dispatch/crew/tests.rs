use super::*;
use std::collections::HashSet;
use std::sync::Mutex as StdMutex;

fn counts(len: usize) -> Vec<AtomicUsize> {
    (0..len).map(|_| AtomicUsize::new(0)).collect()
}

#[test]
fn every_item_runs_once_on_any_number_of_workers() {
    for workers in [0, 1, 2, 3, 8] {
        let mut crew = Crew::new(workers, 200).unwrap();
        assert_eq!(crew.workers(), workers.max(1));
        for count in [0, 1, 2, 7, 64, 1000] {
            for grain in [0, 1, 3, 2000, usize::MAX] {
                let ran = counts(count);
                crew.run(count, grain, &|worker, item| {
                    assert!(worker < workers.max(1));
                    ran[item].fetch_add(1, Ordering::Relaxed);
                })
                .unwrap();
                assert!(ran.iter().all(|ran| ran.load(Ordering::Relaxed) == 1));
            }
        }
    }
}

#[test]
fn more_workers_than_allowed_are_refused() {
    let error = Crew::new(MAX_WORKERS + 1, 200).unwrap_err();
    assert_eq!(error.to_string(), "a crew may have at most 64 workers, given 65");
    assert_eq!(Crew::new(MAX_WORKERS, 200).unwrap().workers(), MAX_WORKERS);
}

#[test]
fn a_worker_number_belongs_to_one_thread_and_zero_to_the_caller() {
    let mut crew = Crew::new(4, 200).unwrap();
    let seen = StdMutex::new(HashSet::new());
    for _ in 0..200 {
        crew.run(16, 1, &|worker, _| {
            seen.lock().unwrap().insert((worker, std::thread::current().id()));
            std::thread::yield_now();
        })
        .unwrap();
    }
    let seen = seen.into_inner().unwrap();
    let workers: HashSet<_> = seen.iter().map(|(worker, _)| worker).collect();
    assert_eq!(workers.len(), seen.len(), "a worker number moved between threads");
    assert!(seen.contains(&(0, std::thread::current().id())));
}

#[test]
fn what_items_write_is_there_when_the_phase_ends() {
    let mut crew = Crew::new(3, 200).unwrap();
    let mut values = vec![0u64; 500];
    for round in 1..=2_000u64 {
        let cells: Vec<_> = values.iter_mut().map(StdMutex::new).collect();
        crew.run(cells.len(), 8, &|_, item| **cells[item].lock().unwrap() += round).unwrap();
    }
    assert!(values.iter().all(|&value| value == 2_000 * 2_001 / 2));
}

#[test]
fn parked_threads_come_back() {
    let mut crew = Crew::new(2, 200).unwrap();
    for _ in 0..20 {
        let met = [AtomicBool::new(false), AtomicBool::new(false)];
        // Each item waits for the other, so that two threads must take part.
        crew.run(2, 1, &|_, item| {
            met[item].store(true, Ordering::SeqCst);
            while !met[1 - item].load(Ordering::SeqCst) {
                std::thread::yield_now();
            }
        })
        .unwrap();
        std::thread::sleep(std::time::Duration::from_micros(500));
    }
}

#[test]
fn a_panic_leaves_every_other_item_run_and_the_lowest_is_returned() {
    for workers in [1, 2, 4] {
        let mut crew = Crew::new(workers, 200).unwrap();
        for _ in 0..20 {
            let ran = counts(100);
            let error = crew
                .run(100, 4, &|_, item| {
                    ran[item].fetch_add(1, Ordering::Relaxed);
                    if item % 30 == 17 {
                        std::panic::resume_unwind(Box::new(item));
                    }
                })
                .unwrap_err();
            assert_eq!((error.item, error.panics, error.count), (17, 3, 100));
            assert!(ran.iter().all(|ran| ran.load(Ordering::Relaxed) == 1));
            let resumed = catch_unwind(AssertUnwindSafe(|| error.resume())).unwrap_err();
            assert_eq!(resumed.downcast_ref(), Some(&17usize));
            crew.run(100, 1, &|_, _| {}).unwrap();
        }
    }
}

#[test]
fn a_payload_that_panics_when_dropped_does_no_harm() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            std::panic::resume_unwind(Box::new(0));
        }
    }
    let mut crew = Crew::new(2, 200).unwrap();
    let error = crew
        .run(10, 1, &|_, item| match item {
            0 => std::panic::resume_unwind(Box::new(0)),
            _ => std::panic::resume_unwind(Box::new(Bomb)),
        })
        .unwrap_err();
    assert_eq!((error.item, error.panics), (0, 10));
}

#[test]
fn a_crew_inside_an_item_of_another_works() {
    let mut outer = Crew::new(2, 200).unwrap();
    let ran = AtomicUsize::new(0);
    outer
        .run(4, 1, &|_, _| {
            let mut inner = Crew::new(2, 200).unwrap();
            inner
                .run(4, 1, &|_, _| {
                    ran.fetch_add(1, Ordering::Relaxed);
                })
                .unwrap();
        })
        .unwrap();
    assert_eq!(ran.into_inner(), 16);
}

#[test]
fn shares_cover_all_items_in_order() {
    for workers in 1..=MAX_WORKERS {
        for count in [0, 1, 63, 64, 65, 1000, usize::MAX] {
            let job = Job::new(&|_, _| {}, count, 1, workers);
            assert_eq!((job.share(0), job.share(workers)), (0, count));
            assert!((0..workers).all(|worker| job.share(worker) <= job.share(worker + 1)));
        }
    }
}
