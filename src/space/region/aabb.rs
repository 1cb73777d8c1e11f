//! Boxes along the axes.

use bytemuck::{Pod, Zeroable};

use super::super::vector::Vec3;
use super::error::{RegionError, finite_point, range};

/// A box along the axes, boundary included: 24 bytes.
///
/// [`Aabb::new`] parses; bytes cast to a box have not been parsed: pass them through
/// [`parsed`](Self::parsed).
#[derive(Clone, Copy, PartialEq, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct Aabb {
    low: Vec3,
    high: Vec3,
}

impl Aabb {
    /// The box from corner `low` to corner `high`, in metres.
    ///
    /// # Errors
    /// [`RegionError::PointNotFinite`]; [`RegionError::Inverted`] where `low` exceeds `high`.
    pub fn new(low: Vec3, high: Vec3) -> Result<Self, RegionError> {
        let (low, high) = (finite_point(low)?, finite_point(high)?);
        range("x", low.x, high.x)?;
        range("y", low.y, high.y)?;
        range("z", low.z, high.z)?;
        Ok(Self { low, high })
    }

    /// The box that is only `point`.
    ///
    /// # Errors
    /// [`RegionError::PointNotFinite`].
    pub fn point(point: Vec3) -> Result<Self, RegionError> {
        Self::new(point, point)
    }

    /// This box parsed, for one that was cast from bytes.
    ///
    /// # Errors
    /// As [`Aabb::new`].
    pub fn parsed(self) -> Result<Self, RegionError> {
        Self::new(self.low, self.high)
    }

    /// The box of corners that are known to be finite and in order.
    #[inline]
    pub(crate) const fn from_corners(low: Vec3, high: Vec3) -> Self {
        Self { low, high }
    }

    /// The box from `low` to `high` given in `f64`, rounded outward to finite `f32`.
    pub(crate) fn around(low: [f64; 3], high: [f64; 3]) -> Self {
        Self {
            low: Vec3::from_array(low.map(round_down)),
            high: Vec3::from_array(high.map(round_up)),
        }
    }

    /// The corner with the smallest coordinates.
    #[inline]
    #[must_use]
    pub const fn low(&self) -> Vec3 {
        self.low
    }

    /// The corner with the largest coordinates.
    #[inline]
    #[must_use]
    pub const fn high(&self) -> Vec3 {
        self.high
    }

    /// The middle, each coordinate rounded once or twice; finite for every box.
    #[inline]
    #[must_use]
    pub fn centre(&self) -> Vec3 {
        self.low * 0.5 + self.high * 0.5
    }

    /// Half the extents along the axes, in metres; finite for every box.
    #[inline]
    #[must_use]
    pub fn half_extents(&self) -> Vec3 {
        self.high * 0.5 - self.low * 0.5
    }

    /// Whether `point` lies in the box or on its boundary.
    #[inline]
    #[must_use]
    pub fn contains(&self, point: Vec3) -> bool {
        (self.low.x <= point.x && point.x <= self.high.x)
            & (self.low.y <= point.y && point.y <= self.high.y)
            & (self.low.z <= point.z && point.z <= self.high.z)
    }

    /// Whether the two boxes have a point in common, a shared face included. Exact.
    #[inline]
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        (self.low.x <= other.high.x && other.low.x <= self.high.x)
            & (self.low.y <= other.high.y && other.low.y <= self.high.y)
            & (self.low.z <= other.high.z && other.low.z <= self.high.z)
    }

    /// The smallest box around both.
    #[inline]
    #[must_use]
    pub const fn union(&self, other: &Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.max(other.high) }
    }

    /// The squared distance from `point` to the box, zero inside: the fixed expression of rule 5
    /// of `space`. Infinite where it overflows `f32`.
    #[inline]
    #[must_use]
    pub fn distance_squared(&self, point: Vec3) -> f32 {
        Vec3::new(
            gap(self.low.x, self.high.x, point.x),
            gap(self.low.y, self.high.y, point.y),
            gap(self.low.z, self.high.z, point.z),
        )
        .length_squared()
    }
}

/// How far `at` lies outside `low..=high`; zero inside.
#[inline]
fn gap(low: f32, high: f32, at: f32) -> f32 {
    let (below, above) = (low - at, at - high);
    let outside = if below > above { below } else { above };
    // Not a number stays not a number, so that it is near nothing.
    if outside < 0.0 { 0.0 } else { outside }
}

/// The largest finite `f32` not above `value`.
///
/// By selects and sums alone: whether a number was rounded up is as good as random, and a processor that
/// guesses it wrong waits for the memory that the number came from.
#[inline]
fn round_down(value: f64) -> f32 {
    let near = value as f32;
    let is_above = i32::from(f64::from(near) > value);
    // The next number towards −∞: one less in the bits of a positive number, one more in those of a
    // negative one; zero has no sign to go by.
    let bits = near.to_bits() as i32;
    let below_zero = f32::from_bits(0x8000_0001);
    let step = is_above * (1 | -i32::from(bits < 0));
    let down = f32::from_bits((bits - step) as u32);
    let down = if (near == 0.0) & (is_above == 1) { below_zero } else { down };
    down.clamp(f32::MIN, f32::MAX)
}

/// The smallest finite `f32` not below `value`.
fn round_up(value: f64) -> f32 {
    -round_down(-value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_is_parsed() {
        let one = Vec3::splat(1.0);
        assert!(matches!(
            Aabb::new(one, Vec3::new(2.0, 0.5, 2.0)),
            Err(RegionError::Inverted { name: "y", low: 1.0, high: 0.5 })
        ));
        assert!(Aabb::new(one, Vec3::splat(f32::NAN)).is_err());
        assert!(Aabb::new(Vec3::splat(f32::NEG_INFINITY), one).is_err());
        assert!(Aabb::point(one).unwrap().contains(one));
    }

    #[test]
    fn touching_counts() {
        let unit = Aabb::new(Vec3::ZERO, Vec3::splat(1.0)).unwrap();
        let next = Aabb::new(Vec3::new(1.0, 0.0, 0.0), Vec3::new(2.0, 1.0, 1.0)).unwrap();
        assert!(unit.overlaps(&next) && next.overlaps(&unit));
        let apart = Aabb::new(Vec3::new(1.0f32.next_up(), 0.0, 0.0), Vec3::splat(2.0)).unwrap();
        assert!(!unit.overlaps(&apart));
        assert_eq!(unit.union(&next).high(), Vec3::new(2.0, 1.0, 1.0));
    }

    #[test]
    fn distances() {
        let unit = Aabb::new(Vec3::ZERO, Vec3::splat(1.0)).unwrap();
        assert_eq!(unit.distance_squared(Vec3::splat(0.5)), 0.0);
        assert_eq!(unit.distance_squared(Vec3::new(-3.0, 5.0, 0.5)), 25.0);
        assert!(unit.distance_squared(Vec3::splat(f32::NAN)).is_nan());
    }

    proptest::proptest! {
        #[test]
        fn rounding_down_gives_the_largest_below(bits: u64, near: f32) {
            // All sizes, and those that lie about a number.
            let about = f64::from(near);
            for value in [f64::from_bits(bits), about, about.next_up(), about.next_down()] {
                if value.is_nan() {
                    continue;
                }
                let near = value as f32;
                let down = if f64::from(near) > value { near.next_down() } else { near };
                let expected = down.clamp(f32::MIN, f32::MAX);
                proptest::prop_assert_eq!(round_down(value).to_bits(), expected.to_bits());
            }
        }
    }

    #[test]
    fn rounding_goes_outward() {
        let wide = Aabb::around([0.1, -1e300, 0.0], [0.1, 1e300, 0.0]);
        assert!(f64::from(wide.low.x) <= 0.1 && f64::from(wide.high.x) >= 0.1);
        assert_eq!((wide.low.y, wide.high.y), (f32::MIN, f32::MAX));
        let all = Aabb::from_corners(Vec3::splat(f32::MIN), Vec3::splat(f32::MAX));
        assert!(all.centre().is_finite() && all.half_extents().is_finite());
    }
}
