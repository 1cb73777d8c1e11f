//! Which vector instructions the processor has.

/// A set of vector instructions; kernels give the same bits on every one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Level {
    /// AVX-512F, with FMA.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// AVX2 and FMA.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// What the compiler may assume.
    Portable,
}

impl Level {
    /// The best that this processor has. The answer is cached by the standard library.
    #[inline]
    pub(crate) fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            let fma = std::arch::is_x86_feature_detected!("fma");
            let avx2 = fma && std::arch::is_x86_feature_detected!("avx2");
            if avx2 && std::arch::is_x86_feature_detected!("avx512f") {
                return Self::Avx512;
            }
            if avx2 {
                return Self::Avx2;
            }
        }
        Self::Portable
    }

    /// Every level that this processor can run, for tests.
    #[cfg(test)]
    pub(crate) fn available() -> Vec<Self> {
        let mut levels = vec![Self::Portable];
        #[cfg(target_arch = "x86_64")]
        match Self::best() {
            Self::Avx512 => levels.extend([Self::Avx2, Self::Avx512]),
            Self::Avx2 => levels.push(Self::Avx2),
            Self::Portable => {}
        }
        levels
    }
}

/// Defines a function `$name(level, …)` whose body is compiled once for each level.
macro_rules! leveled {
    ($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $type:ty),* $(,)?) $body:block) => {
        $(#[$meta])*
        $vis fn $name(level: $crate::photonic::kernel::level::Level, $($arg: $type),*) {
            #[inline(always)]
            fn body($($arg: $type),*) $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx2,fma")]
            fn avx512($($arg: $type),*) {
                body($($arg),*);
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2($($arg: $type),*) {
                body($($arg),*);
            }

            match level {
                #[cfg(target_arch = "x86_64")]
                // SAFETY: `Level::best` gives this level only where the processor has AVX-512F, AVX2 and FMA.
                $crate::photonic::kernel::level::Level::Avx512 => unsafe { avx512($($arg),*) },
                #[cfg(target_arch = "x86_64")]
                // SAFETY: `Level::best` gives this level only where the processor has AVX2 and FMA.
                $crate::photonic::kernel::level::Level::Avx2 => unsafe { avx2($($arg),*) },
                $crate::photonic::kernel::level::Level::Portable => body($($arg),*),
            }
        }
    };
}
pub(crate) use leveled;
