//! One column of elements as crossings between scaled rows, straight from the phases.
//!
//! With the light x = f·y in rows of factors f₁, f₂ and a matrix (a b; c d), x₁' = a·f₁y₁ + b·f₂y₂ is
//! b·f₂ times y₂ + z₁y₁, z₁ = a·f₁/(b·f₂). So b·f₂ becomes the upper row's factor, and in the same way c·f₁ the lower
//! one's, z₂ = d·f₂/(c·f₁). It is the idea of W. M. Gentleman, "Least squares computations by Givens
//! transformations without square roots", J. Inst. Maths Applics 12, 329 (1973), with complex factors, which
//! take up the phases too. Scaling a row changes no relative rounding error, so only the
//! range needs care: light passes an element crossed, |b| and |c| ≤ 1, and factors fall; where one would fall
//! below [`LEAST`], the element keeps its whole matrix, times the factors, and both rows begin at 1 again.
//!
//! The modes lie split by parity, as in [`vector`](super::vector).
#![expect(unsafe_code, reason = "the levels' entry points")]

use super::chain::{Coefficients, Crossing, Wave};
use super::coefficients::{Common, Elements, matrices, still};
use super::lanes::{LANES, Lanes, laned};
use super::vector::{Half, Place, blocks};

/// What a factor's |f|² may fall to: light of up to 10²⁸ stays a number.
const LEAST: f32 = 1.0 / (1_u64 << 63) as f32;

/// Where the elements of a lattice go, by slot.
#[derive(Debug)]
pub(crate) struct Slots<'a> {
    /// The slot of each element.
    pub(crate) of: &'a [u32],
    pub(crate) crossings: &'a mut [Crossing],
    pub(crate) whole: &'a mut [Coefficients],
}

impl Slots<'_> {
    /// Keeps whole matrices for the lanes of `which`, and lets their rows begin anew.
    #[cold]
    fn keep_whole(
        &mut self,
        first: usize,
        which: u16,
        matrices: &[Coefficients; LANES],
        [ar, ai, br, bi]: [&mut [f32; LANES]; 4],
    ) {
        for (lane, matrix) in matrices.iter().enumerate() {
            if which >> lane & 1 != 0 {
                let slot = self.of[first + lane] as usize;
                self.crossings[slot] = [f32::NAN; 4];
                self.whole[slot] = *matrix;
                (ar[lane], ai[lane], br[lane], bi[lane]) = (1.0, 0.0, 1.0, 0.0);
            }
        }
    }
}

impl<L: Lanes> Wave<L> {
    /// `self` over `by`, whose |by|² is `square`.
    #[inline(always)]
    fn over(self, by: Self, square: L) -> Self {
        let inverse = L::splat(1.0).div(square);
        Self {
            re: self.im.fma(by.im, self.re.mul(by.re)).mul(inverse),
            im: self.re.fnma(by.im, self.im.mul(by.re)).mul(inverse),
        }
    }

    #[inline(always)]
    fn square(self) -> L {
        self.im.fma(self.im, self.re.mul(self.re))
    }
}

#[inline(always)]
fn run<L: Lanes, const COMPACT: bool, const IDEAL: bool>(
    of: Elements<'_>,
    common: Common,
    at: Place,
    (upper, lower): (&mut Half, &mut Half),
    slots: &mut Slots<'_>,
) {
    let still = still::<L>(common);
    let count = at.count.div_ceil(LANES);
    let (ar, ai) = (blocks(&mut upper.re, 0, count), blocks(&mut upper.im, 0, count));
    let (br, bi) = (blocks(&mut lower.re, at.shift, count), blocks(&mut lower.im, at.shift, count));
    for (k, (((ar, ai), br), bi)) in ar.iter_mut().zip(ai).zip(br).zip(bi).enumerate() {
        let first = at.first + k * LANES;
        let live = (at.count - k * LANES).min(LANES);
        let [tr, ti, ur, ui, vr, vi, wr, wi] =
            matrices::<L, COMPACT, IDEAL>(of, first, common, still);
        let f = Wave { re: L::load(ar), im: L::load(ai) };
        let g = Wave { re: L::load(br), im: L::load(bi) };
        let (t, u) = (Wave { re: tr, im: ti }.times(f), Wave { re: ur, im: ui }.times(g));
        let (v, w) = (Wave { re: vr, im: vi }.times(f), Wave { re: wr, im: wi }.times(g));
        let (u_square, v_square) = (u.square(), v.square());
        let (z, y) = (t.over(u, u_square), w.over(v, v_square));
        let mut crossings = [[0.0; 4]; LANES];
        L::interleave_4([z.re, z.im, y.re, y.im], &mut crossings);
        for (&slot, crossing) in slots.of[first..first + live].iter().zip(crossings) {
            slots.crossings[slot as usize] = crossing;
        }
        // The block read phases of the next column too; what they gave is not kept.
        u.re.or_beyond(live, f.re).store(ar);
        u.im.or_beyond(live, f.im).store(ai);
        v.re.or_beyond(live, g.re).store(br);
        v.im.or_beyond(live, g.im).store(bi);
        let least = L::splat(LEAST);
        let live = u16::MAX >> (LANES - live);
        let which = (u_square.below(least) | v_square.below(least)) & live;
        if which != 0 {
            let mut whole = [[0.0; 8]; LANES];
            L::interleave([t.re, t.im, u.re, u.im, v.re, v.im, w.re, w.im], &mut whole);
            slots.keep_whole(first, which, &whole, [ar, ai, br, bi]);
        }
    }
}

laned! {
    /// Puts a column's elements into their slots and takes the rows' factors, those of the modes
    /// (upper[k], lower[shift + k]), through them.
    pub(crate) fn crossings<L>(
        of: Elements<'_>,
        common: Common,
        at: Place,
        factors: (&mut Half, &mut Half),
        slots: &mut Slots<'_>,
    ) {
        match (common.phi_on_lower_arm, of.alpha_rad.is_empty()) {
            (false, true) => run::<L, false, true>(of, common, at, factors, slots),
            (false, false) => run::<L, false, false>(of, common, at, factors, slots),
            (true, true) => run::<L, true, true>(of, common, at, factors, slots),
            (true, false) => run::<L, true, false>(of, common, at, factors, slots),
        }
    }
}
