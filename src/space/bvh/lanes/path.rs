//! The choice of vectors at run time.
#![expect(unsafe_code, reason = "entering a function compiled for more instructions")]

use super::Operation;
#[cfg(target_arch = "x86_64")]
use super::avx2::Avx2;
#[cfg(target_arch = "x86_64")]
use super::avx512::Avx512;
#[cfg(target_arch = "aarch64")]
use super::neon::Neon;
use super::portable::Portable;

/// Which implementation of lanes a tree uses. One other than the portable exists only where the
/// machine has its instructions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in super::super) struct Path(Kind);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "aarch64")]
    Neon,
}

impl Path {
    /// Plain Rust, on every machine.
    pub(in super::super) const PORTABLE: Self = Self(Kind::Portable);

    /// The widest of the machine; the standard library asks it once and keeps the answer.
    pub(in super::super) fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512dq")
                && has_avx2()
            {
                return Self(Kind::Avx512);
            }
            if has_avx2() {
                return Self(Kind::Avx2);
            }
        }
        #[cfg(target_arch = "aarch64")]
        if std::arch::is_aarch64_feature_detected!("neon") {
            return Self(Kind::Neon);
        }
        Self::PORTABLE
    }

    /// All that the machine has.
    #[cfg(test)]
    pub(in super::super) fn all() -> Vec<Self> {
        let mut all = vec![Self::PORTABLE];
        #[cfg(target_arch = "x86_64")]
        if has_avx2() {
            all.push(Self(Kind::Avx2));
        }
        if !all.contains(&Self::best()) {
            all.push(Self::best());
        }
        all
    }

    /// Runs `operation` on this path's lanes.
    #[inline]
    pub(in super::super) fn run<O: Operation>(self, operation: O) -> O::Output {
        match self.0 {
            Kind::Portable => operation.run::<Portable>(),
            // SAFETY: a path of this kind comes from `best` or `all`, which found the features.
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => unsafe { run_avx2(operation) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => unsafe { run_avx512(operation) },
            // SAFETY: as above.
            #[cfg(target_arch = "aarch64")]
            Kind::Neon => unsafe { run_neon(operation) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("popcnt")
        && is_x86_feature_detected!("lzcnt")
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
fn run_avx2<O: Operation>(operation: O) -> O::Output {
    operation.run::<Avx2>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx2,bmi1,bmi2,popcnt,lzcnt")]
fn run_avx512<O: Operation>(operation: O) -> O::Output {
    operation.run::<Avx512>()
}

#[cfg(target_arch = "aarch64")]
#[target_feature(enable = "neon")]
fn run_neon<O: Operation>(operation: O) -> O::Output {
    operation.run::<Neon>()
}
