//! Places and volumes as bytes: every `f32` as its bits, in metres.

use super::bytes::{Cursor, Field, Wrong};
use crate::space::{
    Aabb, Frustum, OrientedBox, Plane, Pose, Prism, Quat, Region, Sphere, UpAxis, Vec3,
};

const SPHERE: u8 = 0;
const BOX: u8 = 1;
const ORIENTED_BOX: u8 = 2;
const FRUSTUM: u8 = 3;
const PRISM: u8 = 4;

impl Field<'_> for Vec3 {
    fn put(&self, out: &mut Vec<u8>) {
        self.to_array().iter().for_each(|value| value.put(out));
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, Wrong> {
        Ok(Self::new(from.read()?, from.read()?, from.read()?))
    }
}

/// As it was given: a message's pose is not parsed when it is sent, so it is not here either.
impl Field<'_> for Pose {
    fn put(&self, out: &mut Vec<u8>) {
        self.position().put(out);
        let Quat { x, y, z, w } = self.orientation();
        [x, y, z, w].iter().for_each(|value| value.put(out));
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, Wrong> {
        let mut floats = [0.0_f32; 7];
        for float in &mut floats {
            *float = from.read()?;
        }
        Ok(bytemuck::cast(floats))
    }
}

impl Field<'_> for Aabb {
    fn put(&self, out: &mut Vec<u8>) {
        self.low().put(out);
        self.high().put(out);
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, Wrong> {
        Self::new(from.read()?, from.read()?).map_err(|_| Wrong("a box"))
    }
}

impl Field<'_> for Plane {
    fn put(&self, out: &mut Vec<u8>) {
        self.normal.put(out);
        self.offset_m.put(out);
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, Wrong> {
        Ok(Self { normal: from.read()?, offset_m: from.read()? })
    }
}

impl Field<'_> for Region {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Sphere(sphere) => {
                out.push(SPHERE);
                sphere.centre().put(out);
                sphere.radius().put(out);
            }
            Self::Box(aabb) => {
                out.push(BOX);
                aabb.put(out);
            }
            Self::OrientedBox(oriented) => {
                out.push(ORIENTED_BOX);
                oriented.pose().put(out);
                oriented.half_extents().put(out);
            }
            Self::Frustum(frustum) => {
                let (origin, planes, bounds) = frustum.parts();
                out.push(FRUSTUM);
                origin.put(out);
                planes.iter().for_each(|plane| plane.put(out));
                bounds.put(out);
            }
            Self::Prism(prism) => put_prism(prism, out),
        }
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, Wrong> {
        Ok(match from.read::<u8>()? {
            SPHERE => {
                Sphere::new(from.read()?, from.read()?).map_err(|_| Wrong("a sphere"))?.into()
            }
            BOX => Self::Box(from.read()?),
            ORIENTED_BOX => {
                let oriented = OrientedBox::new(&from.read()?, from.read()?);
                oriented.map_err(|_| Wrong("an oriented box"))?.into()
            }
            FRUSTUM => {
                let origin = from.read()?;
                let mut planes = [Plane { normal: Vec3::ZERO, offset_m: 0.0 }; 6];
                for plane in &mut planes {
                    *plane = from.read()?;
                }
                let frustum = Frustum::from_parts(origin, planes, from.read()?);
                frustum.map_err(|_| Wrong("a frustum"))?.into()
            }
            PRISM => take_prism(from)?.into(),
            _ => return Err(Wrong("a region")),
        })
    }
}

fn put_prism(prism: &Prism, out: &mut Vec<u8>) {
    let (axis, index) = match prism.up() {
        UpAxis::X => (0, 0),
        UpAxis::Y => (1, 1),
        UpAxis::Z => (2, 2),
    };
    let bounds = prism.bounds();
    out.push(PRISM);
    out.push(axis);
    bounds.low().to_array()[index].put(out);
    bounds.high().to_array()[index].put(out);
    (prism.footprint().len() as u32).put(out);
    for [u, v] in prism.footprint() {
        u.put(out);
        v.put(out);
    }
}

fn take_prism(from: &mut Cursor<'_>) -> Result<Prism, Wrong> {
    const WRONG: Wrong = Wrong("a prism");
    let up = match from.read::<u8>()? {
        0 => UpAxis::X,
        1 => UpAxis::Y,
        2 => UpAxis::Z,
        _ => return Err(WRONG),
    };
    let (low, high) = (from.read()?, from.read()?);
    let corners = from.read::<u32>()? as usize;
    // Taken before anything is made of it: a wrong number allocates nothing.
    let mut corners = Cursor(from.take(corners.checked_mul(8).ok_or(WRONG)?)?);
    let mut footprint = Vec::with_capacity(corners.0.len() / 8);
    while !corners.0.is_empty() {
        footprint.push([corners.read()?, corners.read()?]);
    }
    Prism::new(&footprint, up, low, high).map_err(|_| WRONG)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::FieldOfView;

    #[test]
    fn regions_come_back_bit_for_bit() {
        let pose = Pose::new(Vec3::new(0.1, -2.0, 1e-7), Quat::new(0.3, -0.2, 0.9, 0.1)).unwrap();
        let view = FieldOfView { left_rad: -0.7, right_rad: 0.6, up_rad: 0.5, down_rad: -0.4 };
        let corners = [[0.0, 0.0], [2.0, 0.3], [1.0, 2.0], [-0.5, 1.0]];
        let low = Vec3::new(-1.0, -0.0, 3.0);
        for region in [
            Region::from(Sphere::new(low, 0.3).unwrap()),
            Aabb::new(low, Vec3::splat(3.5)).unwrap().into(),
            OrientedBox::new(&pose, Vec3::new(0.1, 0.2, 0.7)).unwrap().into(),
            Frustum::new(&pose, view, 0.1, 11.0).unwrap().into(),
            Prism::new(&corners, UpAxis::X, -0.5, 2.5).unwrap().into(),
            Prism::new(&corners, UpAxis::Y, -0.5, 2.5).unwrap().into(),
            Prism::new(&corners, UpAxis::Z, -0.5, 2.5).unwrap().into(),
        ] {
            let (mut bytes, mut again) = (Vec::new(), Vec::new());
            region.put(&mut bytes);
            let mut cursor = Cursor(&bytes);
            let read: Region = cursor.read().unwrap();
            cursor.end().unwrap();
            assert_eq!(read, region);
            read.put(&mut again);
            assert_eq!(again, bytes, "also zeros keep their signs");
            for end in 0..bytes.len() {
                assert!(Cursor(&bytes[..end]).read::<Region>().is_err());
            }
        }
    }

    #[test]
    fn corners_that_are_not_there_take_no_memory() {
        let mut bytes = vec![PRISM, 1];
        (0.0_f32).put(&mut bytes);
        (1.0_f32).put(&mut bytes);
        u32::MAX.put(&mut bytes);
        assert_eq!(Cursor(&bytes).read::<Region>(), Err(Wrong("a record that goes on")));
    }
}
