//! Sixteen `f32` lanes, the same on AVX-512, AVX2 and in plain code.
//!
//! Every operation is one IEEE 754 operation per lane, correctly rounded, so the bits do not depend
//! on which implementation runs. The plain [`Lanes::fma`] uses the processor's fused multiply-add where
//! the build has it (aarch64, or x86-64 built for it) and the correctly rounded software one where not.
#![expect(unsafe_code, reason = "vector intrinsics and the levels' entry points")]

#[cfg(target_arch = "x86_64")]
use core::arch::x86_64::*;

/// How many lanes a [`Block`] has.
pub(crate) const LANES: usize = 16;

/// Sixteen numbers in memory.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub(crate) struct Block(pub(crate) [f32; LANES]);

impl Block {
    pub(crate) const ZERO: Self = Self([0.0; LANES]);
}

/// Sixteen complex numbers in memory.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
pub(crate) struct Pair {
    pub(crate) re: Block,
    pub(crate) im: Block,
}

impl Pair {
    pub(crate) const ZERO: Self = Self { re: Block::ZERO, im: Block::ZERO };
}

/// Sixteen numbers in registers.
pub(crate) trait Lanes: Copy {
    fn splat(x: f32) -> Self;
    fn load(from: &Block) -> Self;
    fn store(self, to: &mut Block);
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    /// `self` · `by` + `to`, rounded once.
    fn fma(self, by: Self, to: Self) -> Self;
    /// `to` − `self` · `by`, rounded once.
    fn fnma(self, by: Self, to: Self) -> Self;
}

/// The plain implementation.
#[derive(Clone, Copy)]
pub(crate) struct Plain([f32; LANES]);

impl Plain {
    #[inline(always)]
    fn zip(self, other: Self, op: impl Fn(f32, f32) -> f32) -> Self {
        Self(core::array::from_fn(|l| op(self.0[l], other.0[l])))
    }
}

impl Lanes for Plain {
    #[inline(always)]
    fn splat(x: f32) -> Self {
        Self([x; LANES])
    }
    #[inline(always)]
    fn load(from: &Block) -> Self {
        Self(from.0)
    }
    #[inline(always)]
    fn store(self, to: &mut Block) {
        to.0 = self.0;
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }
    #[inline(always)]
    fn fma(self, by: Self, to: Self) -> Self {
        Self(core::array::from_fn(|l| self.0[l].mul_add(by.0[l], to.0[l])))
    }
    #[inline(always)]
    fn fnma(self, by: Self, to: Self) -> Self {
        Self(core::array::from_fn(|l| (-self.0[l]).mul_add(by.0[l], to.0[l])))
    }
}

#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(crate) struct Avx512(__m512);

// SAFETY of every block below: a kernel is instantiated with this type only in an entry point that
// `Level::Avx512` guards, so AVX-512F is there; loads and stores are inside a whole, aligned `Block`.
#[cfg(target_arch = "x86_64")]
impl Lanes for Avx512 {
    #[inline(always)]
    fn splat(x: f32) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm512_set1_ps(x) })
    }
    #[inline(always)]
    fn load(from: &Block) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm512_load_ps(from.0.as_ptr()) })
    }
    #[inline(always)]
    fn store(self, to: &mut Block) {
        // SAFETY: as above.
        unsafe { _mm512_store_ps(to.0.as_mut_ptr(), self.0) }
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm512_sub_ps(self.0, other.0) })
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm512_mul_ps(self.0, other.0) })
    }
    #[inline(always)]
    fn fma(self, by: Self, to: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm512_fmadd_ps(self.0, by.0, to.0) })
    }
    #[inline(always)]
    fn fnma(self, by: Self, to: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm512_fnmadd_ps(self.0, by.0, to.0) })
    }
}

#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(crate) struct Avx2(__m256, __m256);

// SAFETY of every block below: a kernel is instantiated with this type only in an entry point that
// `Level::Avx2` guards, so AVX2 and FMA are there; both halves are inside a whole, aligned `Block`.
#[cfg(target_arch = "x86_64")]
impl Lanes for Avx2 {
    #[inline(always)]
    fn splat(x: f32) -> Self {
        // SAFETY: as above.
        unsafe { Self(_mm256_set1_ps(x), _mm256_set1_ps(x)) }
    }
    #[inline(always)]
    fn load(from: &Block) -> Self {
        let at = from.0.as_ptr();
        // SAFETY: as above.
        unsafe { Self(_mm256_load_ps(at), _mm256_load_ps(at.add(8))) }
    }
    #[inline(always)]
    fn store(self, to: &mut Block) {
        let at = to.0.as_mut_ptr();
        // SAFETY: as above.
        unsafe {
            _mm256_store_ps(at, self.0);
            _mm256_store_ps(at.add(8), self.1);
        }
    }
    #[inline(always)]
    fn sub(self, o: Self) -> Self {
        // SAFETY: as above.
        unsafe { Self(_mm256_sub_ps(self.0, o.0), _mm256_sub_ps(self.1, o.1)) }
    }
    #[inline(always)]
    fn mul(self, o: Self) -> Self {
        // SAFETY: as above.
        unsafe { Self(_mm256_mul_ps(self.0, o.0), _mm256_mul_ps(self.1, o.1)) }
    }
    #[inline(always)]
    fn fma(self, by: Self, to: Self) -> Self {
        // SAFETY: as above.
        unsafe { Self(_mm256_fmadd_ps(self.0, by.0, to.0), _mm256_fmadd_ps(self.1, by.1, to.1)) }
    }
    #[inline(always)]
    fn fnma(self, by: Self, to: Self) -> Self {
        // SAFETY: as above.
        unsafe { Self(_mm256_fnmadd_ps(self.0, by.0, to.0), _mm256_fnmadd_ps(self.1, by.1, to.1)) }
    }
}

/// Defines `$name(level, …)` that runs a body generic over [`Lanes`] with the level's lanes.
macro_rules! laned {
    ($(#[$meta:meta])* $vis:vis fn $name:ident<$lanes:ident>($($arg:ident: $type:ty),* $(,)?) $body:block) => {
        $(#[$meta])*
        $vis fn $name(level: $crate::photonic::kernel::level::Level, $($arg: $type),*) {
            #[inline(always)]
            fn body<$lanes: $crate::photonic::kernel::lanes::Lanes>($($arg: $type),*) $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx2,fma")]
            fn avx512($($arg: $type),*) {
                body::<$crate::photonic::kernel::lanes::Avx512>($($arg),*);
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2($($arg: $type),*) {
                body::<$crate::photonic::kernel::lanes::Avx2>($($arg),*);
            }

            match level {
                #[cfg(target_arch = "x86_64")]
                // SAFETY: `Level::best` gives this level only where the processor has AVX-512F, AVX2 and FMA.
                $crate::photonic::kernel::level::Level::Avx512 => unsafe { avx512($($arg),*) },
                #[cfg(target_arch = "x86_64")]
                // SAFETY: `Level::best` gives this level only where the processor has AVX2 and FMA.
                $crate::photonic::kernel::level::Level::Avx2 => unsafe { avx2($($arg),*) },
                $crate::photonic::kernel::level::Level::Portable => {
                    body::<$crate::photonic::kernel::lanes::Plain>($($arg),*);
                }
            }
        }
    };
}
pub(crate) use laned;
