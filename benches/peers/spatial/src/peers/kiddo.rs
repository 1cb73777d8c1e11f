//! kiddo: k-d trees over points.

use std::num::NonZero;
use std::sync::{PoisonError, RwLock};

use kiddo::{ImmutableKdTree, MutableKdTree, SquaredEuclidean};
use xrmesh::space::Vec3;

use super::{Answer, Peer};
use crate::case::Load;
use crate::data::{Frame, World};
use crate::reader::Shared;

const EIGHT: NonZero<usize> = NonZero::new(8).expect("not zero");

/// The tree that changes.
#[derive(Default)]
pub struct Mutable {
    tree: Option<MutableKdTree<f32, 3>>,
    input: Vec<[f32; 3]>,
}

/// The tree that is built once.
#[derive(Default)]
pub struct Immutable {
    tree: Option<ImmutableKdTree<f32, 3>>,
    input: Vec<[f32; 3]>,
}

macro_rules! queries {
    () => {
        fn take_points(&mut self, points: &[Vec3]) {
            self.input = points.iter().map(|at| at.to_array()).collect();
        }

        fn clear(&mut self) {
            *self = Self::default();
        }

        fn nearest(&mut self, at: Vec3) -> Answer {
            let at = at.to_array();
            let tree = self.tree.as_ref().expect("built");
            let hits = tree.query(&at).nearest_n::<SquaredEuclidean<f32>>(EIGHT).execute();
            Answer::of(hits.iter().map(|hit| u64::from(hit.item)))
        }

        fn within(&mut self, at: Vec3, radius: f32) -> Answer {
            let at = at.to_array();
            let tree = self.tree.as_ref().expect("built");
            let query = tree.query(&at).within::<SquaredEuclidean<f32>>(radius * radius);
            let hits = query.with_result_capacity(64).execute();
            Answer::of(hits.iter().map(|hit| u64::from(hit.item)))
        }
    };
}

impl Peer for Mutable {
    fn name(&self) -> &'static str {
        "kiddo"
    }

    fn carries(&self, load: Load) -> bool {
        matches!(
            load,
            Load::BuildPoints(_)
                | Load::BytesPoints
                | Load::Nearest
                | Load::Within
                | Load::Frame
                | Load::Remove
                | Load::Insert
                | Load::Reader(_)
                | Load::Drift
        )
    }

    queries!();

    fn build_points(&mut self) {
        self.tree = Some(filled(&self.input));
    }

    fn move_points(&mut self, frame: &Frame<Vec3>) {
        follow(self.tree.as_mut().expect("built"), frame);
    }

    fn insert(&mut self, items: &[(u32, Vec3)]) {
        let tree = self.tree.as_mut().expect("built");
        for &(slot, at) in items {
            tree.add(&at.to_array(), slot).expect("room");
        }
    }

    fn remove(&mut self, items: &[(u32, Vec3)]) {
        let tree = self.tree.as_mut().expect("built");
        for &(slot, at) in items {
            tree.remove(&at.to_array(), slot);
        }
    }

    fn shared(&self, world: &World) -> Option<Box<dyn Shared>> {
        let input: Vec<_> = world.points.iter().map(|at| at.to_array()).collect();
        Some(Box::new(Locked(RwLock::new(filled(&input)))))
    }
}

/// A tree with the points added one by one.
fn filled(input: &[[f32; 3]]) -> MutableKdTree<f32, 3> {
    let mut tree = MutableKdTree::default();
    for (slot, at) in (0..).zip(input) {
        tree.add(at, slot).expect("room");
    }
    tree
}

/// Takes out each point that moves and puts it in again.
fn follow(tree: &mut MutableKdTree<f32, 3>, frame: &Frame<Vec3>) {
    for (&(slot, to), from) in frame.moves.iter().zip(&frame.from) {
        tree.remove(&from.to_array(), slot);
        tree.add(&to.to_array(), slot).expect("room");
    }
}

impl Peer for Immutable {
    fn name(&self) -> &'static str {
        "kiddo-immutable"
    }

    fn carries(&self, load: Load) -> bool {
        matches!(load, Load::BuildPoints(_) | Load::BytesPoints | Load::Nearest | Load::Within)
    }

    queries!();

    fn build_points(&mut self) {
        self.tree = ImmutableKdTree::new_from_slice(&self.input).ok();
    }
}

/// A tree behind a lock for readers and writers.
struct Locked(RwLock<MutableKdTree<f32, 3>>);

impl Shared for Locked {
    fn write(&self, frame: &Frame<Vec3>) {
        follow(&mut self.0.write().unwrap_or_else(PoisonError::into_inner), frame);
    }

    fn reader(&self) -> Box<dyn FnMut(Vec3) -> Answer + '_> {
        Box::new(|at| {
            let tree = self.0.read().unwrap_or_else(PoisonError::into_inner);
            let at = at.to_array();
            let hits = tree.query(&at).nearest_n::<SquaredEuclidean<f32>>(EIGHT).execute();
            Answer::of(hits.iter().map(|hit| u64::from(hit.item)))
        })
    }
}
