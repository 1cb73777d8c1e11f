//! Two steps of work at once.

use core::mem;

/// Lets `make` fill one `T` while `take` empties another, on two of rayon's threads where there are
/// two, until `make` says that there is no more. What `take` gets comes in the order of making.
///
/// No thread is asked for before the second: what is small costs none.
///
/// # Errors
/// The first of either; the other may have gone one step further by then.
pub(super) fn pipelined<T: Default + Send, E: Send>(
    mut make: impl FnMut(&mut T) -> Result<bool, E> + Send,
    mut take: impl FnMut(&mut T) -> Result<(), E> + Send,
) -> Result<(), E> {
    let (mut now, mut next) = (T::default(), T::default());
    if !make(&mut now)? {
        return Ok(());
    }
    take(&mut now)?;
    if !make(&mut now)? {
        return Ok(());
    }
    let run = || {
        loop {
            let (taken, made) = rayon::join(|| take(&mut now), || make(&mut next));
            taken?;
            if !made? {
                return Ok(());
            }
            mem::swap(&mut now, &mut next);
        }
    };
    // All of it on rayon's threads: to enter them for each step would cost more than a step.
    rayon::join(run, || ()).0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers up to `count`, or until one of the two fails at a number.
    fn run(count: u32, make_fails: u32, take_fails: u32) -> (Result<(), u32>, Vec<u32>) {
        let (mut next, mut taken) = (0, Vec::new());
        let make = |made: &mut Vec<u32>| {
            if next == make_fails {
                return Err(next);
            }
            made.clear();
            made.push(next);
            next += 1;
            Ok(next <= count)
        };
        let take = |made: &mut Vec<u32>| {
            taken.append(made);
            if taken.last() == Some(&take_fails) { Err(take_fails) } else { Ok(()) }
        };
        (pipelined(make, take), taken)
    }

    #[test]
    fn all_is_taken_in_order_up_to_the_first_error() {
        for count in [0, 1, 2, 3, 50] {
            let all: Vec<u32> = (0..count).collect();
            assert_eq!(run(count, u32::MAX, u32::MAX), (Ok(()), all.clone()), "{count}");
            for fails in 0..count {
                let (before, with) = (&all[..fails as usize], &all[..=fails as usize]);
                assert_eq!(run(count, fails, u32::MAX), (Err(fails), before.to_vec()));
                assert_eq!(run(count, u32::MAX, fails), (Err(fails), with.to_vec()));
            }
        }
    }
}
